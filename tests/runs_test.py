#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be done with the results of a run: run them again."""
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


if __name__ == "__main__":
    lab.main()
