#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be done with the results of a run: run them again, compare them, go back to a moment of one, make many."""
import contextlib
import csv
import json
import math
import os
import pathlib
import re
import signal
import sqlite3
import statistics
import subprocess
import time
import xml.etree.ElementTree as xml

import lab

LINUX = """
lab: folders
until: 20s
nodes:
  l: {stack: linux, run: [{run: cat note.txt, name: note, cwd: notes}, {run: cat notes/note.txt, name: same}]}
  b: host
links: [l -- b]
"""


class Again(lab.LabTest):
    """OUT/lab.yaml is the run again."""

    def assert_same_again(self, first):
        again = self.run_lab(first.out / "lab.yaml", "--quiet", out="again", expect=first.code)
        reports = [{key: value for key, value in run.report.items() if key != "wall"} for run in (first, again)]
        self.assertEqual(*reports)
        names = [sorted(path.relative_to(run.out) for path in run.out.rglob("*")) for run in (first, again)]
        self.assertEqual(*names)
        for name in names[0]:
            if name != pathlib.Path("report.json") and (first.out / name).is_file():
                self.assertEqual((first.out / name).read_bytes(), (again.out / name).read_bytes(), name)

    def test_the_examples(self):
        for name in ("campus", "pcb"):
            with self.subTest(name):
                self.assert_same_again(self.run_lab(lab.EXAMPLES / f"{name}.yaml", "--quiet"))

    def test_what_options_changed(self):
        self.assert_same_again(self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet", "--seed", "7", "--until", "20s", "--set",
                                            "links.r1--r2.loss=9%", "--do", "ana: fetch http://finn/", "--do",
                                            "finn: ping ana count=3", expect=None))

    def test_the_partitions_do_not_matter(self):
        first = self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet", "--partition-size", "2")
        again = self.run_lab(first.out / "lab.yaml", "--quiet", "--partition-size", "0", out="again")
        self.assertEqual(first.report["sim"]["digest"], again.report["sim"]["digest"])

    def test_folders_of_real_programs_are_found(self):
        (self.folder / "labs/notes").mkdir(parents=True)
        (self.folder / "labs/notes/note.txt").write_text("here\n")
        first = self.run_lab(self.write(LINUX, "labs/folders.yaml"), "--quiet", out="results/first")
        again = self.run_lab(first.out / "lab.yaml", "--quiet", out="elsewhere/deep/again")
        for run in (first, again):
            self.assertEqual((run.printed("note"), run.printed("same")), ("here\n", "here\n"))
        self.assertNotIn(str(self.folder), (first.out / "lab.yaml").read_text())
        self.assertNotIn(str(self.folder), json.dumps({**first.report, "wall": None}))

    def test_somebodys_lab_is_not_replaced(self):
        text = "nodes: {a: {run: [ping b]}, b: host}\nlinks: [a -- b]\n"
        path = self.write(text)
        code, _, error = self.catenet("run", path, "--out", self.folder)
        self.assertEqual(code, 3)
        self.assertIn("no run has written it", error)
        self.assertEqual(path.read_text(), text)


class Diff(lab.LabTest):
    def diff(self, a, b, *more):
        return self.catenet("diff", a, b, *more)

    def test_the_same_run_twice(self):
        for size, out in ((1, "a"), (0, "b")):
            self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet", "--partition-size", size, out=out)
        code, text, error = self.diff("a", "b")
        self.assertEqual(code, 0, text + error)
        self.assertIn("the digests are equal", text)
        self.assertIn("the runs are the same: 26 captures", text)

    def test_a_lossier_link(self):
        a = self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet", out="a")
        b = self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet", "--set", "links.r1--r2.loss=2%", out="b", expect=None)
        code, text, error = self.diff("a", "b")
        self.assertEqual(code, 1, error)
        self.assertIn("  A       loss: 1%\n  B       loss: 2%\n", text)
        code, text, _ = self.diff("a", "b", "--json")
        found = json.loads(text)
        self.assertFalse(found["same"])
        first = found["partings"][0]
        # The oracle: the first frame of this capture that only one of them has, as tshark sees the two files.
        name = first["file"]
        frames = [lab.tshark(run.out / name, "-T", "fields", "-e", "frame.time_epoch", "-e",
                             "frame.len").splitlines() for run in (a, b)]
        at = next(i for i, (x, y) in enumerate(zip(*frames)) if x != y)
        times = [float(side[at].split()[0]) for side in frames]
        self.assertAlmostEqual(first["at_s"], min(times), places=9)
        self.assertRegex(first["a"]["line"], r"10\.0\.0\.2:\d+ > 10\.0\.1\.2:5001 TCP \.")

    def test_rerun_makes_the_captures(self):
        for seed in (1, 2):
            self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet", "--seed", seed, "--set", "capture=none", out=f"s{seed}",
                         expect=None)
        code, text, _ = self.diff("s1", "s2")
        self.assertEqual(code, 1)
        self.assertIn("no frames were compared", text)
        code, text, error = self.diff("s1", "s2", "--rerun")
        self.assertEqual(code, 1, error)
        self.assertIn("ICMP echo request", text)
        self.assertNotIn("no frames", text)

    def test_what_is_no_run(self):
        code, _, error = self.diff("nothing", "nothing")
        self.assertEqual(code, 2)
        self.assertIn("nothing is not a folder", error)


class Replay(lab.LabTest):
    def test_tables_of_a_moment(self):
        run = self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet", "--tables-at", "1.25s")
        code, text, error = self.catenet("replay", run.out, "--to", "1.25s")
        self.assertEqual(code, 0, error)
        self.assertIn("agrees with the run: 26 captures", text)
        again = lab.Run(0, "", "", run.out / "replay-1.25s")
        for node in ("ana", "r1", "eve"):
            self.assertEqual(again.table(node, "pcb") if node != "r1" else again.table(node, "arp"),
                             run.table(node, "pcb" if node != "r1" else "arp", "1.250000000"))
        code, shown, error = self.catenet("show", again.out, "pcb", "--node", "ana")
        self.assertEqual(code, 0, error)
        self.assertIn("FIN-WAIT-1", shown)

    def test_another_program_from_there_on(self):
        run = self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet")
        code, text, error = self.catenet("replay", run.out, "--to", "2s", "--do", "dan: ping ana count=1", "--out", "other")
        self.assertEqual(code, 0, error)
        self.assertIn("1 received", text)
        code, text, _ = self.catenet("diff", run.out, "other", "--json")
        self.assertEqual(code, 1)
        self.assertGreaterEqual(json.loads(text)["partings"][0]["at_s"], 2)

    def test_another_fault_from_there_on(self):
        run = self.run_lab(lab.EXAMPLES / "campus.yaml", "--quiet")
        code, text, error = self.catenet("replay", run.out, "--to", "1.5s", "--then", "for 500ms: link r1--r2 down", "--out", "cut")
        self.assertIn("agrees with the run: 26 captures", text, error)
        code, text, _ = self.catenet("diff", run.out, "cut", "--json")
        self.assertEqual(code, 1)
        self.assertEqual(json.loads(text)["partings"][0]["at_s"], 1.5)
        down = [event for event in lab.Run(0, "", "", self.folder / "cut").events if event["kind"] in ("link-down", "link-up")]
        self.assertEqual([(event["t"], event["kind"]) for event in down if event["node"] == "r1" and event["t"] > 0],
                         [(1.5, "link-down"), (2.0, "link-up")])
        code, _, error = self.catenet("replay", run.out, "--to", "1.5s", "--then", "link r1--r3 dwn")
        self.assertEqual(code, 2)
        self.assertIn("--then:1:", error)

    def test_refusals(self):
        run = self.run_lab(lab.EXAMPLES / "pcb.yaml", "--quiet")
        for arguments, wanted in ((["--to", "1h"], "ended at"), (["--to", "soon"], "--to soon"),
                                  (["--to", "1ms", "--until", "2s"], "--until is about what --then and --do add")):
            code, _, error = self.catenet("replay", run.out, *arguments)
            self.assertEqual(code, 2)
            self.assertIn(wanted, error)
        real = self.run_lab("nodes: {l: {stack: linux, run: 'true'}, b: host}\nlinks: [l -- b]\n", "--quiet", out="real")
        code, _, error = self.catenet("replay", real.out, "--to", "1ms")
        self.assertEqual(code, 2)
        self.assertIn("ran in real time", error)


SWEEP = """
lab: line
until: 20s
seeds: 1..3
matrix:
  links.r--b.loss: [0%, 1%]
  nodes.a.tcp.congestion: [cubic, newreno]
nodes:
  a: {kind: host, run: [{run: bulk b bytes=300kB, name: up}]}
  r: router
  b: {kind: host, run: [bulk-server]}
links: [a -- r, {"r -- b": {rate: 5Mbit, delay: 10ms, queue: 30p}}]
expect: [up.bytes == 300kB]
"""


class Sweep(lab.LabTest):
    def sweep(self, *arguments, expect=0):
        code, text, error = self.catenet("sweep", *arguments, "--out", "sweep", "--jobs", "2")
        self.assertEqual(code, expect, text + error)
        return text, error

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.folder / "sweep/sweep.db")) as db:
            return db.execute(query).fetchall()

    def test_every_combination(self):
        path = self.write(SWEEP)
        text, _ = self.sweep(path, "--csv", "runs.csv", "--html", "page.html", "--fact", "nodes.a.counters.TcpRetransSegs")
        self.assertIn("12 of 12 runs", text)
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT digest) FROM runs WHERE status = 'passed'")[0][0], 12)
        with open(self.folder / "runs.csv", newline="") as file:
            table = list(csv.DictReader(file))
        self.assertEqual(len(table), 12)
        # A row is what `catenet run` of the point gives.
        row = table[-1]
        run = self.run_lab(self.folder / f"sweep/points/{row['point']}.yaml", "--quiet", "--seed", row["seed"])
        self.assertEqual(run.report["sim"]["digest"], row["digest"])
        self.assertEqual(run.program("up")["result"]["goodput_bps"], float(row["up.goodput_bps"]))
        self.assertEqual(run.report["nodes"]["a"]["counters"].get("TcpRetransSegs", 0),
                         float(row["nodes.a.counters.TcpRetransSegs"]))
        # Python computes the means and intervals again from the rows of the runs.
        for point in range(1, 5):
            sample = [float(row["up.goodput_bps"]) for row in table if row["point"] == str(point)]
            half = 4.302653 * statistics.stdev(sample) / math.sqrt(3)
            n, mean, low, high = self.rows(f"SELECT n, mean, low, high FROM summaries WHERE point = {point} AND "
                                           "name = 'up.goodput_bps'")[0]
            self.assertEqual(n, 3)
            self.assertAlmostEqual(mean, statistics.mean(sample), places=3)
            self.assertAlmostEqual(high - mean, half, delta=1)
            self.assertAlmostEqual(mean - low, half, delta=1)
        page = (self.folder / "page.html").read_text()
        for svg in re.findall("<svg.*?</svg>", page, re.DOTALL):
            xml.fromstring(svg)
        self.assertIn("up.goodput_bps [Mbit/s]", page)
        self.assertIsNone(re.search(r"(src|href)=|@import|url\(", page), "it refers to no other file")

    def test_the_example(self):
        text, _ = self.sweep(lab.EXAMPLES / "sweep.yaml", "--html", "page.html")
        self.assertIn("40 of 40 runs", text)
        self.assertIn("upload.goodput_bps [Mbit/s]", (self.folder / "page.html").read_text())

    def test_goes_on_after_a_kill(self):
        path = self.write(SWEEP.replace("1..3", "1..40"))
        started = subprocess.Popen([str(lab.CATENET), "sweep", str(path), "--out", "sweep", "--jobs", "2", "--quiet"],
                                   cwd=self.folder, stdin=subprocess.DEVNULL)
        self.addCleanup(lab.stop, started)
        deadline = time.monotonic() + lab.PATIENCE_S
        while time.monotonic() < deadline:
            try:
                if self.rows("SELECT count(*) FROM runs")[0][0] >= 5:
                    break
            except sqlite3.OperationalError:
                pass
            time.sleep(0.01)
        os.kill(started.pid, signal.SIGKILL)
        self.assertEqual(started.wait(), -signal.SIGKILL, "it was killed in the middle")
        before = self.rows("SELECT point, seed, digest FROM runs ORDER BY point, seed")
        self.assertGreaterEqual(len(before), 5)
        self.assertLess(len(before), 160)
        text, _ = self.sweep(path)
        self.assertIn(f"160 of 160 runs ({len(before)} were there already)", text)
        after = self.rows("SELECT point, seed, digest FROM runs ORDER BY point, seed")
        self.assertEqual(len(after), 160)
        self.assertLessEqual(set(before), set(after))

    def test_a_changed_lab_is_noticed(self):
        self.sweep(self.write(SWEEP), "--seeds", "1")
        changed = self.write(SWEEP.replace("300kB", "200kB"))
        _, error = self.sweep(changed, "--seeds", "1", expect=2)
        self.assertIn("the lab was changed since the results", error)
        text, _ = self.sweep(changed, "--seeds", "1", "--restart")
        self.assertIn("(0 were there already)", text)

    def test_an_expectation_that_fails(self):
        text, _ = self.sweep(self.write(SWEEP.replace("up.bytes == 300kB", "up.goodput >= 100Mbit")), "--seeds", "1", expect=1)
        self.assertIn("4 failed", text)
        self.assertIn("failed: catenet run sweep/points/1.yaml --seed 1", text)
        self.assertEqual({row[0] for row in self.rows("SELECT status FROM runs")}, {"failed"})
        self.assertEqual({row[0] for row in self.rows("SELECT ok FROM expectations")}, {0})

    def test_the_schema_is_the_one_that_is_documented(self):
        self.sweep(self.write(SWEEP), "--seeds", "1")
        text = (lab.ROOT / "docs/sweep.md").read_text()
        for table, in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
            columns = [row[1] for row in self.rows(f"PRAGMA table_info({table})")]
            self.assertIn(f"| `{table}` | " + ", ".join(f"`{column}`" for column in columns) + " |", text)

    def test_check_knows_the_sweep(self):
        code, text, error = self.catenet("check", self.write(SWEEP))
        self.assertEqual(code, 0, error)
        self.assertIn("a sweep of 12 runs", text)
        code, _, error = self.catenet("check", self.write(SWEEP.replace("[cubic, newreno]", "[cubic, newrino]")))
        self.assertEqual(code, 2)
        self.assertIn("did you mean 'newreno'?", error)

    def test_faults_as_values(self):
        faults = SWEEP.replace("matrix:", "matrix:\n  events: [[], ['200ms..1s: link r--b down']]").replace("1..3", "1")
        self.sweep(self.write(faults), "--csv", "runs.csv")
        with open(self.folder / "runs.csv", newline="") as file:
            took = [float(row["up.time_s"]) for row in csv.DictReader(file)]
        self.assertEqual(len(took), 8)
        self.assertLess(max(took[:4]), min(took[4:]), "a link that is down for a while takes time")

    def test_wrong_values_are_told_first(self):
        code, _, error = self.catenet("sweep", self.write(SWEEP.replace("[0%, 1%]", "[0%, 1]")), "--out", "sweep")
        self.assertEqual(code, 2)
        self.assertIn("with links.r--b.loss=1 ", error)
        self.assertFalse((self.folder / "sweep").exists())


if __name__ == "__main__":
    lab.main()
