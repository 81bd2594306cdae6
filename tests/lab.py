# SPDX-License-Identifier: Apache-2.0
"""What the tests of whole labs share: start catenet, read what a run left behind, ask tshark.

The program under test comes from the environment (CATENET), set by CTest. main() gives CTest's verdict: 77 when every
test of the program was skipped, with the reasons printed, so that a skipped test never counts as a passed one.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATENET = pathlib.Path(os.environ.get("CATENET", ROOT / "build/release/cli/catenet")).resolve()
EXAMPLES = ROOT / "examples"
ORDINARY_USER = 65534
# A busy machine may be slow, a sanitizer slower; a run that takes longer than this hangs.
PATIENCE_S = 300

SUMS = ("tcp", "ip", "udp", "icmp")
FIELDS = ["frame.interface_name", "frame.comment", "_ws.malformed", "tcp.checksum", "tcp.checksum_calculated"]
FIELDS += [f"{protocol}.checksum.status" for protocol in SUMS]
# What is sent again may be cut otherwise; to a reassembler that is malformed, to TCP it is not.
CHECK_CHECKSUMS = ["-o", "tcp.desegment_tcp_streams:FALSE"] + [word for protocol in ("tcp", "ip", "udp") for word in ("-o", f"{protocol}.check_checksum:TRUE")]


class Run:
    """A finished `catenet run`: exit code, what it printed, and its output folder."""

    def __init__(self, code, stdout, stderr, out):
        self.code, self.stdout, self.stderr, self.out = code, stdout, stderr, pathlib.Path(out)

    @property
    def report(self):
        return json.loads((self.out / "report.json").read_text())

    def lines(self, name):
        return [json.loads(line) for line in (self.out / name).read_text().splitlines()]

    @property
    def events(self):
        return self.lines("events.jsonl")

    def table(self, node, name, moment="end"):
        for row in self.lines("tables.jsonl"):
            if row["node"] == node and row["moment"] == moment:
                return row[name]
        raise AssertionError(f"no tables of {node} at {moment}")

    def program(self, name):
        return next(program for program in self.report["programs"] if program["name"] == name)

    def files(self):
        """What the run wrote, without the report."""
        return {path.relative_to(self.out): path.read_bytes() for path in self.out.rglob("*")
                if path.is_file() and path.name != "report.json"}

    def report_without_the_machine(self):
        """The report without the facts of the machine and of how the run was computed."""
        report = {key: value for key, value in self.report.items() if key != "wall"}
        report["sim"] = {key: value for key, value in report["sim"].items() if key != "partitions"}
        return report

    def printed(self, name, stream="stdout"):
        return (self.out / "programs" / f"{name}.{stream}").read_text()

    def captures(self):
        return sorted(self.out.glob("*.pcapng"))

    def story(self):
        return f"exit {self.code}\n--- stdout\n{self.stdout[-6000:]}\n--- stderr\n{self.stderr[-3000:]}"


class LabTest(unittest.TestCase):
    """A test with a folder of its own, and catenet at hand."""

    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="catenet-test-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, text, name="lab.yaml"):
        path = self.folder / name
        path.write_text(text)
        return path

    def catenet(self, *arguments, prefix=(), env=None, timeout=PATIENCE_S, program=CATENET):
        """Any command of catenet; (exit code, stdout, stderr)."""
        command = [*map(str, prefix), str(program), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="replace", timeout=timeout, check=False,
                              env={**os.environ, "NO_COLOR": "1", **(env or {})})
        return done.returncode, done.stdout, done.stderr

    def assert_same(self, a, b, how):
        """Two runs left the same bytes, but for facts of the machine."""
        first, second = a.files(), b.files()
        self.assertEqual(sorted(first), sorted(second), how)
        self.assertEqual([str(name) for name in first if first[name] != second[name]], [], how)
        self.assertEqual(a.report_without_the_machine(), b.report_without_the_machine(), how)

    def run_lab(self, lab, *arguments, out="out", expect=0, **how):
        """`catenet run`; the lab is a path or the text of one. Fails with the story unless the exit code is right."""
        path = lab if isinstance(lab, pathlib.Path) else self.write(lab)
        folder = self.folder / out
        run = Run(*self.catenet("run", path, "--out", folder, *arguments, **how), folder)
        skip_if_machine_lacks_namespaces(run)
        if expect is not None:
            self.assertEqual(run.code, expect, run.story())
        return run

    def assert_expectations_hold(self, run):
        self.assertEqual([e for e in run.report["expect"] if not e["ok"]], [])
        self.assertTrue(run.report["packets"]["conserved"])

    def assert_captures_clean(self, run, may_be_bad=lambda comment: False):
        """Every frame bears its interface's name; Wireshark finds nothing malformed and no bad checksum, except in
        frames whose comment says that they had to be bad."""
        self.assertTrue(run.captures())
        with ThreadPoolExecutor(2) as pool:
            for path, frames in zip(run.captures(), pool.map(dissect, run.captures())):
                self.assertEqual({frame["frame.interface_name"] for frame in frames} - {interface_of(path)}, set(), path)
                bad = [frame for frame in frames if suspect(frame) and not may_be_bad(frame["frame.comment"])]
                self.assertEqual(bad[:5], [], path)


def interface_of(path):
    """gw1_sw1.pcapng holds what passed gw1:sw1."""
    return path.stem.replace("_", ":", 1)


def dissect(path):
    """The frames of a capture as maps of FIELDS to what tshark says of them."""
    columns = [word for field in FIELDS for word in ("-e", field)]
    text = tshark(path, *CHECK_CHECKSUMS, "-T", "fields", "-E", "separator=/t", *columns)
    return [{"frame": number, **dict(zip(FIELDS, line.split("\t")))} for number, line in enumerate(text.splitlines(), 1)]


def suspect(frame):
    """Malformed, or with a checksum that tshark calls bad (0); an ICMP error has those of the packet inside, too."""
    believed = [protocol for protocol in SUMS if not (protocol == "tcp" and is_other_zero(frame))]
    sums = [status for protocol in believed for status in frame[f"{protocol}.checksum.status"].split(",")]
    return frame["_ws.malformed"] != "" or "0" in sums


def is_other_zero(frame):
    """One segment in 65,536 from a Linux kernel: it sends 0xffff where tshark would have 0. In ones' complement both are
    zero, and every receiver's sum comes out right (RFC 1624 3)."""
    return (frame["tcp.checksum"], frame["tcp.checksum_calculated"]) == ("0xffff", "0x0000")


def tshark(path, *arguments):
    """What tshark prints of a capture."""
    if not shutil.which("tshark"):
        raise unittest.SkipTest("tshark is not installed")
    done = subprocess.run(["tshark", "-n", "-r", str(path), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=PATIENCE_S, check=False)
    if done.returncode != 0:
        raise AssertionError(f"tshark cannot read {path}: {done.stderr}")
    return done.stdout


def skip_if_machine_lacks_namespaces(run):
    """Exit code 3 is the machine's fault: a container without namespaces, for one. What it said is the reason."""
    if run.code == 3 and "cannot make a network namespace" in run.stderr:
        raise unittest.SkipTest(run.stderr.strip())


def skip_unless_root():
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root can become another user")


def as_ordinary_user():
    """The start of a command line that runs the rest as a user without any right."""
    skip_unless_root()
    user = str(ORDINARY_USER)
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"]


def processes_with(marker):
    """Ids of the processes that have this text in their environment or command line, zombies left out."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            if marker.encode() in text and int(folder.name) != os.getpid():
                found.append(int(folder.name))
        except OSError:
            pass  # gone meanwhile, or another user's
    return found


def stop(process):
    """Ends a process that this program started, if it still runs."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait()


def main():
    result = unittest.main(exit=False, verbosity=2, argv=[sys.argv[0], *sys.argv[1:]]).result
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)
