#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""catenet hunt: the planted fault of the replicated counter is found and made small, and its lab is the run again."""
import json

import lab

COUNTER = lab.EXAMPLES / "counter.yaml"


class Hunt(lab.LabTest):
    def hunt(self, path, *arguments, expect):
        code, out, err = self.catenet("hunt", path, "--out", self.folder / "hunt", *arguments)
        self.assertEqual(code, expect, out + err)
        return out

    def test_finds_and_shrinks_the_planted_fault(self):
        self.run_lab(COUNTER, out="plain")  # nothing is wrong without faults
        found = json.loads(self.hunt(COUNTER, "--seeds", "1..300", "--json", expect=1))
        self.assertTrue(found["found"])
        self.assertEqual(len(found["smallest"]), 1, found)
        self.assertIn("client.surplus == 0", found["failed"][0])
        again = self.run_lab(self.folder / "hunt" / "lab.yaml", out="again", expect=1)
        first = json.loads((self.folder / "hunt" / "report.json").read_text())
        self.assertEqual(again.report["sim"]["digest"], first["sim"]["digest"])
        self.assertEqual([event["text"] for event in again.report["events"]], found["smallest"])
        one = json.loads(self.hunt(COUNTER, "--seeds", "1..300", "--jobs", 1, "--json", expect=1))
        one["runs"] = found["runs"]  # higher seeds that were under way count too
        self.assertEqual(one, found, "however many runs are made at once")
        text = self.hunt(COUNTER, "--seeds", str(found["seed"]), expect=1)
        self.assertIn(found["smallest"][0], text)
        self.assertIn("catenet run", text)

    def test_finds_nothing_where_nothing_is_wrong(self):
        good = self.write(COUNTER.read_text().replace(" bug=retry", ""))
        self.assertIn("nothing found: 151 runs passed, with faults in the first 3.0", self.hunt(good, "--seeds", "1..150", expect=0))

    def test_wrong_use(self):
        for arguments, what in ((["--seeds", "9..1"], "1..10000"), (["--faults", "crush"], "crash"),
                                (["--window", "0"], "above zero"), (["--most", 0], "--most")):
            code, _, err = self.catenet("hunt", COUNTER, *arguments)
            self.assertEqual(code, 2, err)
            self.assertIn(what, err)
        code, _, err = self.catenet("hunt", self.write("nodes: {a: hots}"))
        self.assertEqual(code, 2)
        self.assertIn("lab.yaml:1:", err)


if __name__ == "__main__":
    lab.main()
