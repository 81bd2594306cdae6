#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports in the form that ctest 3.25 writes, and what the counts must be."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import junit  # noqa: E402


def report(*cases):
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="(empty)">{"".join(cases)}</testsuite>'


PASS = '<testcase name="a" status="run"><system-out>fine</system-out></testcase>'
FAIL = '<testcase name="b" status="fail"><failure message="Timeout"/><system-out>bad</system-out></testcase>'
SKIP = (
    '<testcase name="c" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
    "<system-out>[ RUN      ] A.c\n/src/a_test.cc:7: Skipped\nno user namespaces\n\n[  SKIPPED ] A.c</system-out></testcase>"
)
CODE = (
    '<testcase name="d" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
    "<system-out>looking\nskipped: tshark is missing\n</system-out></testcase>"
)
GONE = (
    '<testcase name="e" status="notrun"><skipped message="Unable to find executable"/><system-out>Could not find executable'
    "</system-out></testcase>"
)
DISABLED = '<testcase name="f" status="disabled"><skipped message="Disabled"/></testcase>'


class JunitTest(unittest.TestCase):
    def verdicts(self, text, status=0):
        return [(verdict, name, reason) for verdict, _, name, reason in junit.verdicts("s", text, status)]

    def test_counts(self):
        self.assertEqual(
            self.verdicts(report(PASS, FAIL, SKIP, CODE, DISABLED), 8),
            [("pass", "a", ""), ("fail", "b", "Timeout"), ("skip", "c", "no user namespaces"),
             ("skip", "d", "tshark is missing"), ("skip", "f", "Disabled")],
        )

    def test_a_missing_program_is_a_failure(self):
        self.assertEqual(self.verdicts(report(GONE), 8), [("fail", "e", "the program was not found")])

    def test_nothing_ran(self):
        self.assertEqual([verdict for verdict, *_ in self.verdicts(report(), 0)], ["fail"])
        self.assertEqual([verdict for verdict, *_ in self.verdicts("", 8)], ["fail"])
        self.assertEqual([verdict for verdict, *_ in self.verdicts("<testsuite>", 0)], ["fail"])

    def test_a_status_that_no_test_explains(self):
        self.assertEqual([verdict for verdict, *_ in self.verdicts(report(PASS), 8)], ["pass", "fail"])


if __name__ == "__main__":
    unittest.main()
