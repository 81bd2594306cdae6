#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scenarios and faults: `events:` of a lab, in virtual time (examples/faults.yaml) and the same words in real time, with
programs in Linux namespaces that are cut off, killed, started again and stopped."""
import re

import lab

FAULTS = lab.EXAMPLES / "faults.yaml"

REAL = """
lab: real-faults
until: 30s
nodes:
  client:
    stack: linux
    run:
      - {run: ping -n -i 0.05 -c 90 web, name: watch, exit: any}
      - {run: "i=0; while [ $i -lt 90 ]; do date +%s.%N; sleep 0.05; i=$((i+1)); done", name: ticks}
  web:
    stack: linux
    run: [{run: "date +%s.%N; exec python3 -m http.server 80", name: web-server, service: true, ready: tcp:80}]
  desk: {kind: host, run: [{run: fetch http://web/ timeout=2s, name: page, at: 3700ms, exit: any}]}
  gw: router
links: [client -- gw, gw -- web: {delay: 2ms}, desk -- gw]
events:
  - 500ms..900ms: link gw--web down
  - 1200ms..1600ms: partition client -> web
  - 1800ms..2200ms: link gw->web delay=60ms
  - 2400ms: crash web
  - 2900ms: restart web
  - web-server ready + 3s: link client--gw loss=20%
  - 3400ms..4000ms: pause client
"""


def gaps(times):
    return [later - earlier for earlier, later in zip(times, times[1:])]


class Virtual(lab.LabTest):
    def test_expectations_hold_and_captures_are_clean(self):
        run = self.run_lab(FAULTS)
        self.assert_expectations_hold(run)
        self.assertEqual(run.report["sim"]["clock"], "virtual")
        self.assertTrue(run.report["packets"]["conserved"])
        self.assert_captures_clean(run)
        self.assertEqual([event for event in run.report["events"] if not event["applied"]], [])
        self.assertIn("event link gw1->gw2 loss=5% jitter=2ms", run.stdout)
        web = [event["t"] for event in run.events if event["kind"] == "program-started" and event["node"] == "web"]
        self.assertEqual(web, [0, 10.0])

    def test_same_seed_same_bytes_however_nodes_are_grouped(self):
        ways = [("--partition-size", size) for size in (32, 32, 0, 1, 2, 3)] + [("--threads", n) for n in (1, 2, 4)]
        runs = [self.run_lab(FAULTS, *way, "--seed", 5, out=f"out{i}", expect=None) for i, way in enumerate(ways)]
        def all_of(run):
            report = {key: value for key, value in run.report.items() if key not in ("wall", "sim")}
            return report, run.report["sim"]["digest"], run.report["sim"]["events"], {
                path.relative_to(run.out): path.read_bytes() for path in run.out.rglob("*")
                if path.is_file() and path.name != "report.json"}
        first = all_of(runs[0])
        for run in runs[1:]:
            self.assertEqual(all_of(run)[:3], first[:3])
            self.assertTrue(all_of(run)[3] == first[3], "a file differs")
        other = self.run_lab(FAULTS, "--seed", 6, out="other", expect=None)
        self.assertNotEqual(other.report["sim"]["digest"], first[1])

    def test_a_run_keeps_its_events(self):
        run = self.run_lab(FAULTS, "--until", "6s", expect=1)
        self.assertIn("4s: ", (run.out / "lab.yaml").read_text())
        self.assertNotIn("crash web", (run.out / "lab.yaml").read_text())
        again = self.run_lab(run.out / "lab.yaml", out="again", expect=1)
        self.assertEqual(run.report["sim"]["digest"], again.report["sim"]["digest"])

    def test_events_from_the_command_line(self):
        run = self.run_lab(FAULTS, "--set", "events=[1s: crash probe, nobody ends: heal]", expect=2)
        self.assertIn("unknown program 'nobody'", run.stderr)
        run = self.run_lab(FAULTS, "--set", "events=[1s: crash probe, 2s..3s: partition client from web]", expect=1)
        self.assertEqual([event["text"] for event in run.report["events"]],
                         ["1s: crash probe", "2s..3s: partition client from web"])
        self.assertTrue(run.program("watch")["crashed"])
        self.assertIn("program watch on probe: cut off by the crash of its node", run.stdout)


class Real(lab.LabTest):
    def test_the_same_words_in_real_time(self):
        path = self.write(REAL)
        run = self.run_lab(path, expect=None)
        lab.skip_if_machine_lacks_namespaces(run)
        self.assertEqual(run.code, 0, run.story())
        report = run.report
        self.assertTrue(report["packets"]["conserved"], run.story())
        for event, at in zip(report["events"], (0.5, 1.2, 1.8, 2.4, 2.9, None, 3.4)):
            self.assertTrue(event["applied"] or at is None, event)
            if at is not None:
                self.assertEqual(event["at_s"], at)
        self.assert_ping(run)
        self.assert_crash(run)
        self.assert_pause(run)

    def assert_ping(self, run):
        answers = {int(number): float(time) for number, time in
                   re.findall(r"icmp_seq=(\d+) .*time=([\d.]+) ms", run.printed("watch"))}
        drops = run.report["drops"]
        self.assertGreaterEqual(drops["link-down"], 1)
        self.assertGreaterEqual(drops["partitioned"], 5)
        self.assertGreater(sum(60 < time < 200 for time in answers.values()), 3, "while the delay was 60 ms")
        self.assertGreater(sum(time < 20 for time in answers.values()), 10)

    def assert_crash(self, run):
        web = run.program("web-server")
        self.assertEqual(web["starts"], 2)
        self.assertGreaterEqual(web["started_s"], 2.9)
        started = [float(line) for line in run.printed("web-server").split() if re.fullmatch(r"\d+\.\d+", line)]
        self.assertEqual(len(started), 2, "the second start writes behind the first")
        self.assertGreater(started[1] - started[0], 2.5)

    def assert_pause(self, run):
        times = [float(line) for line in run.printed("ticks").split()]
        self.assertEqual(len(times), 90)
        self.assertEqual(sum(gap > 0.5 for gap in gaps(times)), 1, "stopped once, for 600 ms")
        self.assertEqual(run.program("page")["exit"], 0, "the other hosts go on meanwhile")


if __name__ == "__main__":
    lab.main()
