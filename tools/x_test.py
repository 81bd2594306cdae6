#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs x in a copy of its own, with stand-ins for the programs that would change the machine."""
import os
import shutil
import stat
import subprocess
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

# Each stand-in writes its name and arguments to $LOG.
FAKES = {
    "dpkg-query": 'echo "dpkg-query" >>"$LOG"; for p in $INSTALLED; do echo "ii  $p"; done; exit 1',
    "apt-get": 'echo "apt-get $*" >>"$LOG"; case "$*" in *install*) exit "$APT_STATUS";; esac',
    "apt-cache": 'test "$3" = "$OFFERED"',
    "sudo": 'echo "sudo $1" >>"$LOG"; if [ "$1" = -n ]; then exit "$SUDO_STATUS"; fi; exec "$@"',
    "id": 'echo "$WHO"',
    "cmake": 'echo "cmake $*" >>"$LOG"; while [ "$1" != -B ]; do shift; done; mkdir -p "$2"; touch "$2/build.ninja";'
             ' echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"$2/CMakeCache.txt"',
    "ninja": 'echo "ninja $*" >>"$LOG"; echo "[1/1] made"; exit "$NINJA_STATUS_CODE"',
}


class ScriptTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = os.path.join(os.path.realpath(self.folder.name), "a clone")
        self.bin = os.path.join(self.folder.name, "bin")
        os.makedirs(self.root)
        os.makedirs(self.bin)
        shutil.copy(os.path.join(ROOT, "x"), self.root)
        self.write("packages.txt", "# words\n[build]\nmaker # why\nnew-lib | old-lib\n[run]\nrunner\n[bench]\nlarge\n")
        self.write("CMakePresets.json", "{}")
        for name, body in FAKES.items():
            path = os.path.join(self.bin, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\n{body}\n")
            os.chmod(path, 0o755)
        self.log = os.path.join(self.folder.name, "log")
        self.env = {
            "PATH": self.bin + ":/usr/bin:/bin", "LOG": self.log, "INSTALLED": "maker old-lib runner", "WHO": "1000",
            "SUDO_STATUS": "1", "APT_STATUS": "0", "OFFERED": "new-lib", "NINJA_STATUS_CODE": "0", "CATENET_JOBS": "2",
        }

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def x(self, *arguments, cwd="/", **env):
        open(self.log, "w", encoding="utf-8").close()
        done = subprocess.run([os.path.join(self.root, "x"), *arguments], cwd=cwd, env={**self.env, **env}, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        with open(self.log, encoding="utf-8") as file:
            self.calls = file.read().split("\n")[:-1]
        return done

    def called(self, start):
        return [call for call in self.calls if call.startswith(start)]

    def test_help_fits_on_a_screen(self):
        done = self.x("help")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(done.stdout.split("\n")), 11)  # ten lines
        self.assertEqual(self.x("dance").returncode, 2)

    def test_nothing_is_missing(self):
        self.assertEqual(self.x("build").returncode, 0)
        self.assertEqual(len(self.called("dpkg-query")), 1)
        self.assertEqual(self.called("apt-get") + self.called("sudo"), [])
        self.assertEqual(len(self.called("cmake")), 1)
        self.x("build")
        self.assertEqual(self.called("cmake"), [])  # configured once
        self.assertEqual(len(self.called("ninja")), 1)

    def test_no_way_to_become_root(self):
        done = self.x("build", INSTALLED="maker")
        self.assertEqual(done.returncode, 3)
        self.assertIn("    sudo apt-get update && sudo apt-get install --no-install-recommends new-lib\n", done.stderr)
        self.assertEqual(self.called("apt-get") + self.called("ninja"), [])

    def test_sudo_without_a_password(self):
        done = self.x("build", INSTALLED="maker", SUDO_STATUS="0", APT_STATUS="0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("installing 1 packages", done.stderr)
        self.assertEqual(self.called("sudo"), ["sudo -n", "sudo sh"])
        self.assertIn("--no-install-recommends install new-lib", self.called("apt-get")[-1])
        self.assertEqual([call for call in self.called("apt-get") if "update" in call], [])

    def test_alternatives(self):
        self.x("build", INSTALLED="maker", SUDO_STATUS="0", OFFERED="old-lib")
        self.assertTrue(self.called("apt-get")[-1].endswith("install old-lib"))

    def test_sections(self):
        self.x("build", INSTALLED="old-lib maker")
        self.assertEqual(self.called("apt-get"), [])
        done = self.x("run", "a.yaml", INSTALLED="old-lib maker")
        self.assertIn("install --no-install-recommends runner\n", done.stderr)
        done = self.x("bench", INSTALLED="old-lib maker")
        self.assertIn("install --no-install-recommends runner large\n", done.stderr)

    def test_apt_fails(self):
        done = self.x("build", INSTALLED="maker", SUDO_STATUS="0", APT_STATUS="100")
        self.assertEqual(done.returncode, 3)
        self.assertTrue([call for call in self.called("apt-get") if "update" in call])  # it was tried with fresh lists

    def test_run_keeps_the_directory_the_arguments_and_the_status(self):
        self.write("build/release/cli/catenet", '#!/bin/sh\necho "$PWD: $*"\nexit 5\n', 0o755)
        done = self.x("run", "lab dir/a.yaml", "--seed", "7", cwd="/usr")
        self.assertEqual((done.returncode, done.stdout), (5, "/usr: run lab dir/a.yaml --seed 7\n"))
        self.assertEqual(self.x("run").returncode, 2)

    def test_a_link_to_the_script(self):
        link = os.path.join(self.folder.name, "link")
        os.symlink(os.path.join(self.root, "x"), link)
        done = subprocess.run([link, "build"], cwd="/", env=self.env, check=False, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.exists(os.path.join(self.root, "build", "release", "build.ninja")))

    def test_the_build_fails(self):
        done = self.x("run", "a.yaml", NINJA_STATUS_CODE="1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the build failed", done.stderr)

    def test_a_build_directory_from_elsewhere(self):
        self.x("build")
        self.write("build/release/CMakeCache.txt", "CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere\n")
        done = self.x("build")
        self.assertIn("made for another place", done.stderr)
        self.assertIn("--fresh", self.called("cmake")[0])

    def test_test_counts(self):
        os.makedirs(os.path.join(self.root, "tools"))
        shutil.copy(os.path.join(ROOT, "tools", "junit.py"), os.path.join(self.root, "tools"))
        ctest = os.path.join(self.bin, "ctest")
        for state, status, last in (("run", 0, "1 passed, 0 failed, 1 skipped"), ("fail", 1, "0 passed, 1 failed, 1 skipped")):
            with open(ctest, "w", encoding="utf-8") as file:
                file.write('#!/bin/sh\nwhile [ "$1" != --output-junit ]; do shift; done\ncat >"$2" <<END\n<testsuite>'
                           f'<testcase name="a" status="{state}"/><testcase name="b" status="notrun"><skipped message="m"/>'
                           f"<system-out>skipped: why</system-out></testcase></testsuite>\nEND\nexit {status}\n")
            os.chmod(ctest, os.stat(ctest).st_mode | stat.S_IXUSR)
            done = self.x("test", CI="")
            self.assertEqual((done.returncode, done.stdout.split("\n")[-2]), (status, last), done.stderr)
            self.assertIn("skipped: release: b: why", done.stdout)


if __name__ == "__main__":
    unittest.main()
