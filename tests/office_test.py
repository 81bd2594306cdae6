#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job: examples/office.yaml, with real curl, ping, traceroute and python3 -m http.server."""
import hashlib
import os
import re
import shutil

import lab


class Office:
    """What must hold whoever runs the lab; the subclasses say who."""

    def judge(self, run):
        self.assert_expectations_hold(run)
        self.assertEqual(run.report["status"], "passed")
        self.assert_pages(run)
        self.assert_ping(run.printed("ping-web"))
        self.assert_route(run.printed("trace-web"))
        self.assert_captures(run)

    def assert_pages(self, run):
        page = (lab.EXAMPLES / "www/page.html").read_bytes()
        self.assertEqual(run.printed("get-page").encode(), page)
        fetched = run.program("fetch-page")["result"]
        self.assertEqual((fetched["status"], fetched["bytes"]), (200, len(page)))
        self.assertEqual(fetched["sha256"], hashlib.sha256(page).hexdigest())
        self.assertIn("big.bin: OK", run.printed("get-big"))
        big = (run.out / "programs/big.bin").read_bytes()
        served = (run.out / "programs/big.sha256").read_text().strip()
        self.assertEqual(len(big), 10_000_000)
        self.assertEqual(hashlib.sha256(big).hexdigest(), served)

    def assert_ping(self, text):
        replies = re.findall(r"from web \(10\.0\.0\.2\): icmp_seq=\d+ ttl=(\d+) time=([\d.]+) ms", text)
        self.assertGreaterEqual(len(replies), 1, text)
        for ttl, milliseconds in replies:
            self.assertEqual(ttl, "62", "two routers on the way")
            self.assertGreaterEqual(float(milliseconds), 40, "twice the delay of the slow link")

    def assert_route(self, text):
        hops = re.findall(r"^ *(\d+) +(\S+)", text, re.MULTILINE)
        # The slow link may lose a probe or its answer; the order of the others is fixed.
        wanted = [("1", "10.0.2.1"), ("2", "10.0.1.1"), ("3", "10.0.0.2")]
        self.assertEqual([number for number, _ in hops][:3], ["1", "2", "3"], text)
        for got, want in zip(hops, wanted):
            if got[1] != "*":
                self.assertEqual(got, want, text)
        self.starred_hops = [number for number, address in hops if address == "*"]

    def assert_captures(self, run):
        self.assertEqual(len(run.captures()), 16)
        self.assert_captures_clean(run)

    def run_until_route_is_whole(self, *arguments, **how):
        """One probe in fifty meets the 1 % loss, so a star may be bad luck: thrice in a row it is not."""
        for _ in range(3):
            run = self.run_lab(*arguments, **how)
            self.judge(run)
            if not self.starred_hops:
                return
        self.fail(f"traceroute never saw hop {self.starred_hops}:\n{run.printed('trace-web')}")


class AsWhoRunsTheTests(Office, lab.LabTest):
    def test_office(self):
        self.run_until_route_is_whole(lab.EXAMPLES / "office.yaml")


class AsOrdinaryUser(Office, lab.LabTest):
    def test_office(self):
        prefix = lab.as_ordinary_user()
        # The checkout may lie where that user cannot look.
        program = shutil.copy(lab.CATENET, self.folder / "catenet")
        examples = shutil.copytree(lab.EXAMPLES, self.folder / "examples")
        home = self.folder / "home"
        home.mkdir()
        os.chown(home, lab.ORDINARY_USER, lab.ORDINARY_USER)
        self.run_until_route_is_whole(examples / "office.yaml", out="home/out", prefix=prefix, program=program)


if __name__ == "__main__":
    lab.main()
