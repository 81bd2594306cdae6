#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be done with the results of a run: run them again, compare them, go back to a moment of one."""
import json
import pathlib

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

    def test_refusals(self):
        run = self.run_lab(lab.EXAMPLES / "pcb.yaml", "--quiet")
        for arguments, wanted in ((["--to", "1h"], "ended at"), (["--to", "soon"], "--to soon"),
                                  (["--to", "1ms", "--until", "2s"], "--until is about what --do adds")):
            code, _, error = self.catenet("replay", run.out, *arguments)
            self.assertEqual(code, 2)
            self.assertIn(wanted, error)
        real = self.run_lab("nodes: {l: {stack: linux, run: 'true'}, b: host}\nlinks: [l -- b]\n", "--quiet", out="real")
        code, _, error = self.catenet("replay", real.out, "--to", "1ms")
        self.assertEqual(code, 2)
        self.assertIn("ran in real time", error)


if __name__ == "__main__":
    lab.main()
