#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scripts of tests/packetdrill: against Catenet in virtual time, and, where the original packetdrill is installed,
against the Linux kernel, so that both stacks must accept the same scripts."""
import json
import re
import shutil
import subprocess
import unittest

import lab

SCRIPTS = sorted((lab.ROOT / "tests/packetdrill").glob("*.pkt"))
LINUX_DIFFERS = "// Linux differs:"
# A namespace of its own for each script: sysctls, ports and routes stay in it.
IN_A_NAMESPACE = ["unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
IPV4 = ["--local_ip=192.168.0.1", "--gateway_ip=192.168.0.1", "--netmask_ip=255.255.0.0", "--remote_ip=192.0.2.1"]
IPV6 = ["--mtu=1520", "--local_ip=fd3d:0a0b:17d6::1", "--gateway_ip=fd3d:0a0b:17d6:8888::1",
        "--remote_ip=fd3d:fa7b:d17d::1"]
ORIGINAL = {"ipv4": IPV4, "ipv4-mapped-ipv6": IPV4, "ipv6": IPV6}
# The same segment size in both families, so that one script is good for both.
OURS = {"ipv4": [], "ipv4-mapped-ipv6": [], "ipv6": ["--mtu", "1520"]}


def scripts_for(version):
    """Those that say nothing of a family, and those that say this one."""
    said = {script: re.search(r"^--ip_version=(\S+)", script.read_text(), re.MULTILINE) for script in SCRIPTS}
    return [script for script in SCRIPTS if said[script] is None or said[script][1] == version]


class Scripts(lab.LabTest):
    def test_every_script_passes(self):
        for version, options in OURS.items():
            scripts = scripts_for(version)
            self.assertGreaterEqual(len(scripts), 60)
            with self.subTest(version):
                code, stdout, stderr = self.catenet("packetdrill", "--profile", "linux", "--ip_version", version, *options,
                                                    *scripts)
                self.assertEqual(code, 0, stdout + stderr)
                self.assertEqual(stdout.splitlines()[-1], f"{len(scripts)} passed, 0 failed, 0 skipped")

    def test_failures_are_told_side_by_side(self):
        path = self.write("0 < 1 > 9 S 5:5(0) win 9\n+0 > 9 > 1 R. 0:0(0) ack 2\n", "wrong.pkt")
        skipped = self.write("0 eventfd(1, 0) = 3\n", "skipped.pkt")
        code, stdout, _ = self.catenet("packetdrill", path, skipped)
        self.assertEqual(code, 1)
        lines = stdout.splitlines()
        self.assertEqual(lines[0], f"{path}:2: failed: acknowledgement number")
        self.assertEqual(lines[1], "  expected: 0.000000 > 9 > 1 R. 0:0(0) ack 2")
        self.assertEqual(lines[2], "  got:      0.000000 > 9 > 1 R. 0:0(0) ack 6")
        self.assertEqual(lines[3], f"{skipped}:1: skipped: the call eventfd")
        self.assertEqual(lines[-1], "0 passed, 1 failed, 1 skipped")
        code, stdout, _ = self.catenet("packetdrill", "--json", path, skipped)
        report = json.loads(stdout)
        self.assertEqual((code, report["failed"], report["skipped"]), (1, 1, 1))
        self.assertEqual(report["scripts"][0]["line"], 2)

    def test_what_is_no_script_is_wrong_use(self):
        code, stdout, _ = self.catenet("packetdrill", self.write("0 > nonsense\n", "broken.pkt"))
        self.assertEqual(code, 2)
        self.assertRegex(stdout, r"broken\.pkt:1: failed: not a script: .*\n0 passed, 1 failed, 0 skipped\n$")
        code, _, stderr = self.catenet("packetdrill", self.folder / "none.pkt")
        self.assertEqual(code, 2)
        self.assertIn("cannot be read", stderr)


class AgainstTheKernel(unittest.TestCase):
    """The same scripts, judged by the original tool on the Linux kernel."""

    def setUp(self):
        if shutil.which("packetdrill") is None:
            self.skipTest("packetdrill is not installed")
        probe = subprocess.run([*IN_A_NAMESPACE, "true"], capture_output=True, text=True, check=False)
        if probe.returncode != 0:
            self.skipTest(f"no network namespace: {probe.stderr.strip()}")

    def test_linux_accepts_them_too(self):
        for version, options in ORIGINAL.items():
            scripts = [script for script in scripts_for(version) if LINUX_DIFFERS not in script.read_text()]
            original = ["packetdrill", f"--ip_version={version}", *options, "--tolerance_usecs=20000"]
            for script in scripts:
                with self.subTest(script.stem, version=version):
                    done = subprocess.run([*IN_A_NAMESPACE, *original, script], capture_output=True, text=True,
                                          check=False, timeout=lab.PATIENCE_S)
                    self.assertEqual(done.returncode, 0, done.stderr)
            print(f"{len(scripts)} of {len(SCRIPTS)} scripts ran against the kernel over {version}")


if __name__ == "__main__":
    lab.main()
