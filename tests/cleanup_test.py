#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing outlives a run, however it ends: no process, no network namespace, no TAP device."""
import os
import pathlib
import signal
import subprocess
import time
import uuid

import lab

# The office with programs that do not end by themselves.
LAB = """
lab: endless
until: 120s
nodes:
  web: {{stack: linux, run: [{{run: python3 -m http.server 80, name: web-server, service: true, ready: tcp:80}}]}}
  laptop:
    stack: linux
    run:
      - {{run: 'ping -i 0.2 web', name: endless-ping}}
      - {{run: 'trap "" TERM INT; while :; do sleep 1; done', name: stubborn}}
      - {{run: 'touch {ready}; setsid sleep 1000', name: runaway, after: web-server}}
  sw1: switch
links: [web -- sw1, laptop -- sw1]
"""
GONE_WITHIN_S = 3


def born(pid):
    """When a process was started, in ticks since the machine was: what tells it from another of the same number."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]


def holders(namespaces):
    """The processes in these network namespaces; one without any does not exist. A process that is ending leaves its
    namespaces after its environment, so a marker no longer tells whose it is."""
    found = set()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(folder / "ns/net") in namespaces:
                found.add((folder.name, born(folder.name)))
        except OSError:
            pass
    return found


def devices():
    return {path.name for path in pathlib.Path("/sys/class/net").iterdir()}


def namespaces_of(pids):
    found = set()
    for pid in pids:
        try:
            found.add(os.readlink(f"/proc/{pid}/ns/net"))
        except OSError:
            pass
    return found


class Cleanup(lab.LabTest):
    def start(self):
        """Catenet with the lab running and all its programs started."""
        self.marker = f"catenet-marker-{uuid.uuid4().hex}"
        self.devices = devices()
        ready = self.folder / "ready"
        self.out = self.folder / "out"
        command = [str(lab.CATENET), "run", str(self.write(LAB.format(ready=ready))), "--out", str(self.out)]
        process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                   env={**os.environ, "MARKER": self.marker})
        self.addCleanup(lab.stop, process)
        self.addCleanup(process.stdout.close)
        deadline = time.monotonic() + 60
        while not ready.exists():
            if process.poll() is not None:
                run = lab.Run(process.returncode, "", process.stdout.read(), self.out)
                lab.skip_if_machine_lacks_namespaces(run)
                self.fail(run.stderr)
            self.assertLess(time.monotonic(), deadline, "the lab does not start")
            time.sleep(0.02)
        time.sleep(0.5)
        alive = lab.processes_with(self.marker)
        self.assertGreaterEqual(len(alive), 6, "catenet, two keepers, web server, ping, shells")
        self.namespaces = namespaces_of(alive) - {os.readlink("/proc/self/ns/net")}
        self.assertEqual(len(self.namespaces), 2)
        # The kernel gives a number that is free to the next namespace: another lab's, soon. The processes tell.
        self.holders = holders(self.namespaces)
        return process

    def left(self):
        return lab.processes_with(self.marker), holders(self.namespaces) & self.holders

    def assert_nothing_left(self):
        deadline = time.monotonic() + GONE_WITHIN_S
        while (left := self.left()) != ([], set()) and time.monotonic() < deadline:
            time.sleep(0.05)
        alive, inside = left
        told = [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in alive if os.path.exists(f"/proc/{pid}")]
        self.assertEqual(told, [], "processes that survived")
        self.assertEqual(inside, set(), "processes in the namespaces of the lab")
        self.assertEqual(devices() - self.devices, set())

    def interrupt(self, number):
        process = self.start()
        process.send_signal(number)
        text = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 130, text)
        run = lab.Run(process.returncode, text, "", self.out)
        self.assertEqual(run.report["status"], "interrupted")
        self.assertTrue(run.report["packets"]["conserved"])
        self.assertIsNotNone(run.program("endless-ping")["ended_s"], "programs were ended and waited for")
        self.assertTrue(run.captures())
        self.assert_nothing_left()

    def test_kill(self):
        process = self.start()
        process.kill()
        process.wait()
        self.assert_nothing_left()

    def test_interrupt(self):
        self.interrupt(signal.SIGINT)

    def test_terminate(self):
        self.interrupt(signal.SIGTERM)

    def test_impatient_second_interrupt(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        self.assert_nothing_left()

    def test_everyday_end(self):
        self.marker = f"catenet-marker-{uuid.uuid4().hex}"
        self.devices, self.namespaces, self.holders = devices(), set(), set()
        self.run_lab(lab.EXAMPLES / "office.yaml", "--do", "laptop: ping web", "--quiet", env={"MARKER": self.marker})
        self.assert_nothing_left()


if __name__ == "__main__":
    lab.main()
