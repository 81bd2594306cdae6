#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Catenet shows of TCP beside what Linux shows of the same connection: `show pcb` and `ss -tie`, `show counters` and
`nstat`. A real python3 in a namespace talks to Catenet's echo-server; when all is quiet, the two ends must agree. And
flows that are recorded, and plotted.
"""
import json
import pathlib
import re
import shutil
import tempfile
import xml.etree.ElementTree as xml

import lab

BYTES = 300_000
TALK = f"""
import socket, subprocess, time
s = socket.create_connection(("c", 7))
# One segment at a time: of a super-segment that a TAP device hands it, the kernel counts one.
for i in range({BYTES} // 1000):
    s.sendall(bytes(1000))
    got = 0
    while got < 1000:
        got += len(s.recv(1000))
time.sleep(1)
print(subprocess.run(["ss", "-tieHnO"], capture_output=True, text=True, check=True).stdout)
print(subprocess.run(["nstat", "-asz"], capture_output=True, text=True, check=True).stdout)
print(open("/proc/net/snmp").read(), flush=True)  # nstat leaves out what is not a count of events
time.sleep(10)
"""
LAB = """
lab: visible
until: 20s
nodes:
  l: {{stack: linux, run: [{{run: python3 {script}, name: talk, after: echo}}]}}
  c: {{kind: host, run: [{{run: echo-server, name: echo}}]}}
links: [l -- c]
"""
MIRRORED = [("TcpActiveOpens", "TcpPassiveOpens"), ("TcpPassiveOpens", "TcpActiveOpens"),
            ("TcpCurrEstab", "TcpCurrEstab"), ("TcpInErrs", "TcpInErrs"), ("TcpEstabResets", "TcpEstabResets"),
            ("TcpAttemptFails", "TcpAttemptFails"), ("TcpOutRsts", "TcpOutRsts")]


class BesideLinux(lab.LabTest):
    run_ = None  # one for all tests: it takes its time

    def setUp(self):
        super().setUp()
        if BesideLinux.run_ is None:
            place = pathlib.Path(tempfile.mkdtemp(prefix="catenet-test-"))
            self.addClassCleanup(shutil.rmtree, place, ignore_errors=True)
            script = place / "talk.py"
            script.write_text(TALK)
            BesideLinux.run_ = self.run_lab(LAB.format(script=script), "--quiet", "--tables-at", "8s", out=place / "out")
        self.at = "8.000000000"
        printed = self.run_.printed("talk")
        self.ss = next(line for line in printed.splitlines() if line.startswith("ESTAB"))
        self.nstat = {word: int(value) for word, value in re.findall(r"^(\w+) +(\d+) +[\d.]+$", printed, re.MULTILINE)}
        names, values = (line.split()[1:] for line in printed.splitlines() if line.startswith("Tcp: "))
        self.nstat["TcpCurrEstab"] = int(values[names.index("CurrEstab")])

    def fields(self):
        """key:value words of ss."""
        return dict(re.findall(r"(\w+):(\S+)", self.ss))

    def test_both_ends_of_the_connection(self):
        ss = self.fields()
        ours = next(row for row in self.run_.table("c", "pcb", self.at) if row["state"] == "ESTABLISHED")
        # On a busy machine an answer may be late enough for a probe: what is sent again is not received again.
        self.assertEqual(ours["bytes_received"], int(ss["bytes_sent"]) - int(ss.get("bytes_retrans", 0)))
        self.assertEqual(ours["bytes_sent"], int(ss["bytes_received"]))
        self.assertEqual(ours["bytes_acked"], BYTES)
        self.assertEqual(ours["segments_in"], int(ss["segs_out"]))
        self.assertEqual(ours["segments_out"], int(ss["segs_in"]))
        self.assertEqual(f"{ours['receive_scale_bits']},{ours['send_scale_bits']}", ss["wscale"])
        self.assertEqual((ours["mss_bytes"], ours["pmtu_bytes"]), (int(ss["mss"]), int(ss["pmtu"])))
        self.assertEqual([word for word in ("ts", "sack") if word in self.ss.split()], ours["options"][:2])
        self.assertEqual((ours["in_flight_bytes"], ours["lost_bytes"]), (0, 0))
        # One link: the same round trips seen from both ends. A busy machine stretches them; the order stays.
        self.assertLess(abs(ours["srtt_ms"] - float(ss["rtt"].split("/")[0])), 100)
        code, text, error = self.catenet("show", self.run_.out, "pcb", "--info", "--node", "c", "--at", "8s")
        self.assertEqual(code, 0, error)
        ours_line = next(line for line in text.splitlines() if "cubic" in line)
        for word in ("ts", "sack", f"mss:{ss['mss']}", f"pmtu:{ss['pmtu']}", f"bytes_sent:{ss['bytes_received']}"):
            self.assertIn(word, ours_line.split())

    def test_counters_of_both_ends(self):
        ours = self.run_.table("c", "counters", self.at)
        self.assertGreater(ours["TcpInSegs"], 2 * BYTES // 1448 // 2)
        # What one end sends the other receives; the link loses nothing. RFC 4022: what is sent again counts apart.
        out = lambda table: table.get("TcpOutSegs", 0) + table.get("TcpRetransSegs", 0)
        self.assertEqual(out(self.nstat), ours["TcpInSegs"])
        self.assertEqual(self.nstat["TcpInSegs"], out(ours))
        for theirs, mine in MIRRORED:
            self.assertEqual(self.nstat.get(theirs, 0), ours[mine], f"{theirs} of nstat, {mine} of Catenet")

    def test_counters_of_a_namespace_are_the_kernels(self):
        shown = self.run_.table("l", "counters", self.at)
        self.assertGreater(len(self.nstat), 50)
        same = [name for name in self.nstat if name.startswith(("Tcp", "Udp")) and name in shown]
        self.assertGreater(len(same), 50)
        self.assertEqual({name: shown[name] for name in same}, {name: self.nstat[name] for name in same})
        code, text, error = self.catenet("show", self.run_.out, "counters", "--node", "l")
        self.assertEqual(code, 0, error)
        self.assertRegex(text, r"(?m)^  TcpActiveOpens +1  tcpActiveOpens +connections begun by connect\(\)$")
        self.assertNotIn("TcpAttemptFails", text, "zeros are hidden")
        code, text, error = self.catenet("show", self.run_.out, "counters", "--node", "l", "--all", "--json")
        self.assertEqual(code, 0, error)
        rows = {row["name"]: row for row in json.loads(text)["l"]}
        self.assertEqual(rows["TcpAttemptFails"]["value"], 0)
        self.assertEqual(rows["TcpOutSegs"]["mib"], "tcpOutSegs")


BULK = """
lab: flows
until: 20s
seed: 5
nodes:
  a: {kind: host, run: [{run: bulk b bytes=500kB}]}
  b: {kind: host, run: [bulk-server]}
links: [{a -- b: {rate: 20Mbit, delay: 10ms, loss: 1%}}]
"""


class Flows(lab.LabTest):
    def test_a_plot_is_a_whole_svg(self):
        run = self.run_lab(BULK, "--quiet", "--flows")
        code, text, error = self.catenet("plot", run.out)
        self.assertEqual((code, text.strip()), (0, str(run.out / "flows/a-1.svg")), error)
        root = xml.parse(run.out / "flows/a-1.svg").getroot()
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        words = " ".join(node.text or "" for node in root.iter())
        for word in ("time [s]", "sequence number [kB]", "window [kB]", "round trip [ms]", "a-1: 10.0.0.1:"):
            self.assertIn(word, words)
        retransmits = next(flow["retransmits"] for flow in run.report["flows"] if flow["node"] == "a")
        dots = [node for node in root.iter() if node.get("class") == "again"]
        self.assertGreater(len(dots), 1, "one is the legend's")
        self.assertLessEqual(len(dots), 1 + retransmits)
        code, text, error = self.catenet("plot", run.out, "b-1", "-o", self.folder / "x.svg")
        self.assertEqual(code, 0, error)
        self.assertTrue((self.folder / "x.svg").read_text().startswith("<svg "))

    def test_what_is_wrong_is_said(self):
        run = self.run_lab(BULK, "--quiet", "--flow-rows", "50")
        self.assertLessEqual(len((run.out / "flows/a-1.csv").read_text().splitlines()), 52)
        code, _, error = self.catenet("plot", run.out, "a-2")
        self.assertEqual(code, 2)
        self.assertRegex(error, "no flow 'a-2'.*did you mean 'a-1'")
        run = self.run_lab(BULK, "--quiet", out="plain")
        code, _, error = self.catenet("plot", run.out)
        self.assertEqual(code, 2)
        self.assertIn("--flows", error)


if __name__ == "__main__":
    lab.main()
