#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The textbook walk through the protocol control blocks: examples/pcb.yaml, step by step.

UPDATE_EXPECTED=1 writes expected/pcb.txt anew from what the program prints.
"""
import os
import re

import lab

EXPECTED = lab.ROOT / "tests/expected/pcb.txt"


def rows(text):
    """The table of pcb as {node: [cells of a row]}; a heading stands alone on its line."""
    tables = {}
    for line in text.splitlines():
        cells = line.split()
        if len(cells) == 1:
            table = tables.setdefault(cells[0], [])
        elif cells and cells[0] not in ("proto", "local"):
            table.append(cells)
    return tables


class Pcb(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.run_ = self.run_lab(lab.EXAMPLES / "pcb.yaml", "--step", "pcb")

    def test_transcript(self):
        # The last lines tell of this machine and folder.
        steps = re.split(r"^passed in virtual time", self.run_.stdout, flags=re.MULTILINE)[0]
        if os.environ.get("UPDATE_EXPECTED"):
            EXPECTED.write_text(steps)
        self.assertEqual(steps, EXPECTED.read_text())

    def test_end(self):
        server, client = ({(row["local_address"], row["local_port"], row["foreign_address"], row["foreign_port"],
                            row["listening"]) for row in self.run_.table(node, "pcb")} for node in ("server", "client"))
        self.assertEqual(server, {("0.0.0.0", 1234, "-", 0, "*"), ("192.11.35.15", 1234, "135.250.68.3", 7801, "")})
        self.assertEqual(client, {("135.250.68.3", 7801, "192.11.35.15", 1234, "")})

    def test_last_step_shows_the_textbook_rows(self):
        last = self.run_.stdout.split("\n#")[-1]
        client, server = last.split("\nserver\n")
        self.assertRegex(server, r"(?m)^0\.0\.0\.0 +1234 +- +- +\*$")
        self.assertRegex(server, r"(?m)^192\.11\.35\.15 +1234 +135\.250\.68\.3 +7801 *$")
        self.assertRegex(client, r"(?m)^135\.250\.68\.3 +7801 +192\.11\.35\.15 +1234 *$")

    def test_show_agrees(self):
        code, text, error = self.catenet("show", self.run_.out, "pcb")
        self.assertEqual(code, 0, error)
        self.assertRegex(text, r"0\.0\.0\.0 +1234 +- +- +\*")
        self.assertRegex(text, r"192\.11\.35\.15 +1234 +135\.250\.68\.3 +7801")
        self.assertRegex(text, r"135\.250\.68\.3 +7801 +192\.11\.35\.15 +1234")
        shown = rows(text)
        for node in ("server", "client"):
            self.assertEqual(len(shown[node]), len(self.run_.table(node, "pcb")))


if __name__ == "__main__":
    lab.main()
