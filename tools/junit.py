#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns ctest's JUnit report into lines "verdict <tab> suite <tab> test <tab> reason", verdict = pass, fail or skip.

    junit.py SUITE REPORT CTEST_STATUS

A test counts as skipped if it was disabled, if GoogleTest skipped it, or if it ended with its SKIP_RETURN_CODE; the
reason is what it printed. A missing or empty report, or a status of ctest that no test explains, is a failure.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree


def skip_reason(output, message):
    """What the test said about being skipped: GoogleTest prints "FILE:LINE: Skipped", then the text."""
    said = re.search(r"^\S+:\d+: Skipped\n(.*)$", output, re.MULTILINE)
    if said and said.group(1).strip():
        return said.group(1).strip()
    said = re.search(r"^(?:SKIP|SKIPPED|skipped):\s*(.+)$", output, re.MULTILINE)
    return said.group(1).strip() if said else (message or "no reason given")


def verdicts(suite, text, status):
    lines = []
    try:
        cases = list(ElementTree.fromstring(text).iter("testcase"))
    except ElementTree.ParseError as error:
        return [("fail", suite, "ctest", f"no report of the tests: {error}")]
    for case in cases:
        name = case.get("name")
        output = case.findtext("system-out") or ""
        skipped = case.find("skipped")
        failure = case.find("failure")
        state = case.get("status")
        if skipped is not None or state in ("disabled", "notrun"):
            message = skipped.get("message") if skipped is not None else state
            # "notrun" without a request to skip: the program could not be started.
            if state == "notrun" and re.search(r"unable to find|not available|not_available", f"{message} {output}", re.I):
                lines.append(("fail", suite, name, "the program was not found"))
            else:
                lines.append(("skip", suite, name, skip_reason(output, message)))
        elif failure is not None or state == "fail":
            lines.append(("fail", suite, name, (failure.get("message") if failure is not None else "") or "failed"))
        else:
            lines.append(("pass", suite, name, ""))
    if not lines:
        lines.append(("fail", suite, "ctest", "no tests ran"))
    elif status != 0 and not any(verdict == "fail" for verdict, *_ in lines):
        lines.append(("fail", suite, "ctest", f"ctest ended with status {status}"))
    return lines


def main():
    suite, report, status = sys.argv[1], sys.argv[2], int(sys.argv[3])
    try:
        with open(report, encoding="utf-8", errors="replace") as file:
            # ctest copies what tests print; control characters there are not XML.
            text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", file.read())
    except OSError:
        text = ""
    for line in verdicts(suite, text, status):
        print("\t".join(field.replace("\t", " ").replace("\n", " ") for field in line))


if __name__ == "__main__":
    main()
