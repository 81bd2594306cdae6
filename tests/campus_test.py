#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The promise of repeatability: the same lab and seed give the same bytes, however the nodes are grouped."""
import lab

CAMPUS = lab.EXAMPLES / "campus.yaml"


class Campus(lab.LabTest):
    def test_expectations_hold_and_captures_are_clean(self):
        run = self.run_lab(CAMPUS)
        self.assert_expectations_hold(run)
        self.assertEqual(run.report["sim"]["clock"], "virtual")
        self.assertEqual(len(run.captures()), 26)
        self.assert_captures_clean(run, may_be_bad=lambda comment: comment == "dropped: fcs-error")

    def test_same_seed_same_bytes(self):
        first, again, other = (self.run_lab(CAMPUS, "--seed", seed, out=f"out{i}", expect=None)
                               for i, seed in enumerate((7, 7, 8)))
        self.assert_same(first, again, "the same seed twice")
        self.assertNotEqual(first.report["sim"]["digest"], other.report["sim"]["digest"])
        self.assertNotEqual(first.files(), other.files())

    def test_partitions_change_nothing(self):
        runs = {size: self.run_lab(CAMPUS, "--partition-size", size, out=f"out{size}") for size in (32, 0, 1, 3)}
        self.assertGreater(runs[1].report["sim"]["partitions"], runs[3].report["sim"]["partitions"])
        self.assertEqual(runs[0].report["sim"]["partitions"], 1)
        for size, run in runs.items():
            self.assert_same(runs[32], run, f"--partition-size {size}")

    def test_steps_do_not_disturb(self):
        plain, watched = (self.run_lab(CAMPUS, *more, out=f"out{len(more)}")
                          for more in ([], ["--tables-at", "1s", "--tables-at", "2.5s"]))
        self.assertEqual(plain.report["sim"]["digest"], watched.report["sim"]["digest"])
        self.assertEqual({row["moment"] for row in watched.lines("tables.jsonl")}, {"1.000000000", "2.500000000", "end"})


if __name__ == "__main__":
    lab.main()
