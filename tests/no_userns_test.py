#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where user namespaces are forbidden: one line that names the setting and the command that changes it, exit code 3.

The limit user.max_user_namespaces belongs to each user namespace: in a new one it can be set to zero without touching
the machine's."""
import subprocess
import unittest

import lab

LAB = "nodes: {alice: {stack: linux, run: ['true']}, bob: host}\nlinks: [alice -- bob]\n"


# Its root could make network namespaces directly, so the program gets none of root's capabilities.
PREFIX = ["unshare", "--user", "--map-root-user", "--", "sh", "-c",
          'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all -- "$@"', "sh"]


class NoUserNamespaces(lab.LabTest):
    def setUp(self):
        super().setUp()
        probe = subprocess.run([*PREFIX, "true"], capture_output=True, text=True, check=False)
        if probe.returncode != 0:
            raise unittest.SkipTest(f"no user namespace to forbid them in: {probe.stderr.strip()}")

    def test_message_names_the_setting(self):
        code, stdout, stderr = self.catenet("run", self.write(LAB), "--out", self.folder / "out", prefix=PREFIX)
        self.assertEqual(code, 3, stdout + stderr)
        self.assertEqual(len(stderr.strip().splitlines()), 1, stderr)
        self.assertIn("user.max_user_namespaces=0", stderr)
        self.assertIn("sudo sysctl user.max_user_namespaces=15000", stderr)

    def test_simulated_labs_need_none(self):
        self.run_lab(LAB.replace("stack: linux, run: ['true']", "kind: host, run: ['ping bob count=1']"), prefix=PREFIX)


if __name__ == "__main__":
    lab.main()
