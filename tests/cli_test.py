#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: exit codes, what is said when something is wrong, --json, --do, show."""
import json
import os
import shutil

import lab

SIMULATED = """lab: small
nodes:
  alice: {kind: host, run: [{run: ping bob count=2 interval=100ms, name: p}]}
  bob: {kind: host, run: [{run: http-server /page=1000, name: web}]}
  r1: router
  sw1: switch
links: [alice -- sw1, sw1 -- r1, r1 -- bob]
"""
LINUX = """lab: real
nodes:
  alice: {stack: linux, run: [{run: ping -c 1 bob, name: p}]}
  bob: {kind: host, run: [{run: http-server /page=1000, name: web}]}
  r1: router
  sw1: switch
links: [alice -- sw1, sw1 -- r1, r1 -- bob]
"""
TABLES = ("arp", "mac", "fib", "pcb", "interfaces", "drops", "counters")


class WrongUse(lab.LabTest):
    def assert_refused(self, pattern, *arguments, code=2):
        got, stdout, stderr = self.catenet(*arguments)
        self.assertEqual(got, code, stdout + stderr)
        self.assertRegex(stderr, pattern)

    def test_a_broken_lab_is_told_by_line_and_column(self):
        path = self.write("nodes: {a: host, b: host}\nlinks:\n  - a -- b: {rat: 2Mbit}\n")
        for command in ("run", "check"):
            self.assert_refused(r"lab\.yaml:3:14: error: unknown key 'rat'.*did you mean 'rate'", command, path)

    def test_every_broken_lab_is_refused(self):
        labs = sorted((lab.ROOT / "catenet/lab/testdata/broken").glob("*.yaml"))
        self.assertGreaterEqual(len(labs), 10)
        for path in labs:
            with self.subTest(path.stem):
                self.assert_refused(rf"{path.stem}\.yaml(:\d+:\d+)?: error: ", "check", path)

    def test_wrong_arguments(self):
        path = self.write(SIMULATED)
        self.assert_refused("no-such.yaml", "run", "no-such.yaml")
        self.assert_refused("LAB is required", "run")
        self.assert_refused(r"(?i)subcommand", )
        self.assert_refused("--frobnicate", "run", path, "--frobnicate")
        self.assert_refused(r"--set:1:11: error: unknown key 'mt'.*did you mean 'mtu'", "run", path, "--set", "nodes.bob.mt=9")
        self.assert_refused(r"no node 'bbo'.*'bob'", "run", path, "--do", "bbo: ping alice")
        self.assert_refused(r"no built-in program 'pign'.*ping", "run", path, "--do", "alice: pign bob")
        self.assert_refused("NODE: COMMAND", "run", path, "--do", "ping bob")
        self.assert_refused("is a switch", "run", path, "--do", "sw1: ping bob")
        self.assert_refused("--tables-at", "run", path, "--tables-at", "soon")
        self.assert_refused("real time", "run", self.write(LINUX, "real.yaml"), "--step", "pcb")

    def test_show_says_what_there_is(self):
        run = self.run_lab(SIMULATED, "--quiet")
        self.assert_refused(r"no table 'pbc'; expected one of .*did you mean 'pcb'", "show", run.out, "pbc")
        self.assert_refused(r"no node 'alce'.*'alice'", "show", run.out, "arp", "--node", "alce")
        self.assert_refused(r"no tables of that moment; it has end", "show", run.out, "arp", "--at", "1s")
        self.assert_refused(r"output folder", "show", self.folder / "nowhere", "arp")
        self.assertFalse((self.folder / "nowhere").exists())

    def test_an_output_folder_that_cannot_be(self):
        blocked = self.write("a file, not a folder", "blocked")
        code, stdout, stderr = self.catenet("run", self.write(SIMULATED), "--out", blocked)
        self.assertIn(code, (2, 3), stdout + stderr)
        self.assertIn("blocked", stderr)


class Help(lab.LabTest):
    def test_help_of_each_command(self):
        for command, word in (([], "Exit codes"), (["run"], "--seed"), (["check"], "--explain"), (["show"], "--node"),
                              (["programs"], "programs")):
            code, stdout, stderr = self.catenet(*command, "--help")
            self.assertEqual((code, stderr), (0, ""))
            self.assertIn(word, stdout)
        code, stdout, _ = self.catenet("--version")
        self.assertEqual(code, 0)
        self.assertRegex(stdout, r"^catenet \d+\.\d+\.\d+\n$")

    def test_programs_are_listed_with_what_they_measure(self):
        code, stdout, _ = self.catenet("programs")
        self.assertEqual(code, 0)
        for name in ("ping", "trace", "fetch", "http-server", "bulk", "cbr", "poisson", "calls"):
            self.assertRegex(stdout, rf"(?m)^{name} ")


class Check(lab.LabTest):
    def test_explained_labs_load_again_and_mean_the_same(self):
        for path in [*lab.EXAMPLES.glob("*.yaml"), self.write(SIMULATED), self.write(LINUX, "real.yaml")]:
            with self.subTest(path.stem):
                code, explained, stderr = self.catenet("check", path, "--explain")
                self.assertEqual(code, 0, stderr)
                self.assertIn("# default", explained)
                code, again, stderr = self.catenet("check", self.write(explained, "explained.yaml"), "--explain")
                self.assertEqual(code, 0, stderr)
                without_comments = [[line.split("  #")[0].split(" #")[0].rstrip() for line in text.splitlines()]
                                    for text in (explained, again)]
                self.assertEqual(*without_comments)

    def test_an_explained_lab_runs_the_same(self):
        _, explained, _ = self.catenet("check", self.write(SIMULATED), "--explain")
        first = self.run_lab(SIMULATED, "--quiet", out="first")
        second = self.run_lab(self.write(explained, "explained.yaml"), "--quiet", out="second")
        self.assertEqual(first.report["sim"]["digest"], second.report["sim"]["digest"])

    def test_json(self):
        code, stdout, _ = self.catenet("check", self.write(SIMULATED), "--json")
        summary = json.loads(stdout)
        self.assertEqual((code, summary["ok"], summary["nodes"], summary["links"], summary["clock"]),
                         (0, True, 4, 3, "virtual"))


class Outcome(lab.LabTest):
    def test_a_failing_expectation_says_by_how_much(self):
        run = self.run_lab(SIMULATED + "expect: [p.received == 3, p.rtt_avg < 1us]\n", expect=1)
        self.assertEqual(run.report["status"], "failed")
        self.assertEqual([e["ok"] for e in run.report["expect"]], [False, False])
        self.assertEqual(run.report["expect"][0]["got"], "2")
        self.assertRegex(run.stdout, r"(?m)FAIL.*p\.received == 3.*got 2.*1")
        self.assertRegex(run.stdout, r"(?m)FAIL.*p\.rtt_avg < 1us.*got .*us")

    def test_a_failing_program(self):
        text = SIMULATED.replace("ping bob count=2 interval=100ms", "fetch http://bob/nothing-here")
        run = self.run_lab(text, "--quiet", expect=1)
        self.assertRegex(run.stdout, r"program p on alice: exit 1.*p\.stdout")
        self.run_lab(text.replace("name: p", "name: p, exit: 1"), "--quiet")
        self.run_lab(text.replace("name: p", "name: p, exit: any"), "--quiet")

    def test_a_failing_linux_program(self):
        run = self.run_lab(LINUX.replace("ping -c 1 bob", "echo why >&2; exit 7"), expect=1)
        self.assertEqual(run.program("p")["exit"], 7)
        self.assertEqual(run.printed("p", "stderr"), "why\n")

    def test_quiet_says_nothing_when_all_is_well(self):
        run = self.run_lab(SIMULATED, "--quiet")
        self.assertEqual((run.stdout, run.stderr), ("", ""))

    def test_json_is_the_report(self):
        run = self.run_lab(SIMULATED + "expect: [p.received == 2]\n", "--json")
        report = json.loads(run.stdout)
        self.assertEqual(report, run.report)
        for key in ("catenet", "lab", "seed", "status", "sim", "wall", "nodes", "drops", "programs", "flows", "expect"):
            self.assertIn(key, report)
        for key in ("end_s", "events", "packet_hops", "partitions"):
            self.assertIn(key, report["sim"])
        for key in ("setup_s", "run_s", "peak_rss_bytes"):
            self.assertIn(key, report["wall"])
        self.assertEqual(set(report["nodes"]["alice"]["interfaces"]["sw1"]),
                         {"tx_packets", "tx_bytes", "rx_packets", "rx_bytes", "drops"})
        for key in ("node", "name", "kind", "exit", "started_s", "ended_s", "result"):
            self.assertIn(key, report["programs"][0])
        self.assertEqual(report["expect"], [{"text": "p.received == 2", "ok": True, "got": "2"}])

    def test_flows_have_their_keys(self):
        run = self.run_lab(SIMULATED.replace("ping bob count=2 interval=100ms", "fetch http://bob/page"), "--json")
        flows = json.loads(run.stdout)["flows"]
        self.assertEqual(len(flows), 2)
        for key in ("proto", "src", "dst", "bytes_sent", "bytes_acked", "retransmits", "goodput_bps", "srtt_s"):
            self.assertIn(key, flows[0])


class Do(lab.LabTest):
    WANTED = ((SIMULATED, "alice: ping bob", "4 received|4 packets"),
              (SIMULATED, "alice: trace bob", r"10\.0\.0\.1"),
              (SIMULATED, "alice: fetch http://bob/page", "200 OK, 1000 bytes"))
    ON_LINUX = (("alice: ping bob", "4 received"), ("alice: trace bob", r"10\.0\.0\.1"),
                ("alice: fetch http://bob/page", "200 1000 bytes"))

    def test_in_virtual_time(self):
        for text, what, wanted in self.WANTED:
            with self.subTest(what):
                run = self.run_lab(text, "--do", what)
                self.assertRegex(run.stdout, wanted)
                self.assertEqual(run.report["sim"]["clock"], "virtual")

    def test_in_real_time(self):
        for what, wanted in self.ON_LINUX:
            with self.subTest(what):
                run = self.run_lab(LINUX, "--do", what)
                self.assertRegex(run.printed("do"), wanted)


class Show(lab.LabTest):
    def show(self, run, table, *more):
        code, stdout, stderr = self.catenet("show", run.out, table, *more)
        self.assertEqual(code, 0, stderr)
        return stdout

    def assert_tables(self, run, alice):
        shown = {table: self.show(run, table) for table in TABLES}
        self.assertRegex(shown["arp"], r"10\.0\.1\.1 +02:00:00:03:00:01" if alice == "eth0" else r"10\.0\.0\.1 ")
        self.assertRegex(shown["mac"], r"02:00:00:01:00:00 +alice")
        self.assertRegex(shown["fib"], r"10\.0\.1\.0/24")
        self.assertRegex(shown["pcb"], r"0\.0\.0\.0 +80 .*LISTEN")
        self.assertRegex(shown["interfaces"], rf"{alice} +02:00:00:01:00:00 +10\.0\.0\.2/24")
        self.assertIn("arp-not-for-us", shown["drops"])
        for table in TABLES:
            self.assertIsInstance(json.loads(self.show(run, table, "--json")), dict)
        self.assertNotIn("bob", self.show(run, "interfaces", "--node", "alice").splitlines()[0])

    def test_of_a_simulated_lab(self):
        run = self.run_lab(SIMULATED, "--quiet", "--tables-at", "50ms")
        self.assert_tables(run, "sw1")
        self.assertRegex(self.show(run, "arp", "--at", "50ms"), r"10\.0\.0\.1")

    def test_of_a_linux_lab(self):
        self.assert_tables(self.run_lab(LINUX, "--quiet"), "eth0")


class WithoutTun(lab.LabTest):
    def test_a_packet_socket_takes_its_place(self):
        """Where /dev/net/tun may not be opened. It is hidden in a mount namespace that only this run sees."""
        prefix = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"]
        lab.skip_unless_root()
        program = shutil.copy(lab.CATENET, self.folder / "catenet")
        home = self.folder / "home"
        home.mkdir()
        os.chown(home, lab.ORDINARY_USER, lab.ORDINARY_USER)
        run = self.run_lab(LINUX, "--quiet", out="home/out", prefix=[*prefix, *lab.as_ordinary_user()], program=program)
        self.assertIn("packet socket", run.report["wall"]["attachments"][0])
        self.assertEqual(run.program("p")["exit"], 0)


if __name__ == "__main__":
    lab.main()
