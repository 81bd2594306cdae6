# SPDX-License-Identifier: Apache-2.0
"""How a figure is taken on a machine that others may be using too.

The driver moves to a session of its own (scheduler autogroups weigh sessions against each other), raises its priority
where it may, waits a moment for quiet before each run, and notes how many cores others kept busy during it. Disturbed
runs are repeated a few times; the least disturbed ones count. Ours and the peer's runs take turns, so a ratio is always
of one sitting. Compare ratios, not absolute figures of different days.
"""
import json
import os
import statistics
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
QUIET = 0.15  # cores that others may use in an undisturbed run
CPUS = sorted(os.sched_getaffinity(0))
MEASURED = CPUS[-1]  # what is measured runs here
OTHER = CPUS[0]  # its counterpart (client, traffic source) runs here


class Missing(Exception):
    """Something that a bench needs is not on this machine."""


def claim_machine():
    """Priority over other sessions; without the right to it, nothing happens."""
    for claim in (
        os.setsid,
        lambda: open("/proc/self/autogroup", "w", encoding="ascii").write("-15"),
        lambda: os.setpriority(os.PRIO_PROCESS, 0, -15),
    ):
        try:
            claim()
        except OSError:
            pass


def pin(cpu):
    """For subprocess: puts the child, and what it starts, on one CPU."""
    return lambda: os.sched_setaffinity(0, {cpu})


def _busy_jiffies():
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system = map(int, stat.readline().split()[1:4])
    return user + nice + system


def _own_seconds():
    """CPU seconds of this process, its ended children, and its living descendants."""
    parents, seconds = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry)] = int(fields[1])
            seconds[int(entry)] = sum(map(int, fields[11:15])) / TICKS
    family = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        if not more:
            return sum(seconds.get(pid, 0) for pid in family)
        family |= more


class Watch:
    """with Watch() as w: ...; afterwards w.others is the number of cores that others used meanwhile."""

    def __enter__(self):
        self.start, self.busy, self.own = time.monotonic(), _busy_jiffies(), _own_seconds()
        return self

    def __exit__(self, *_):
        took = max(time.monotonic() - self.start, 1e-3)
        self.others = max(0.0, ((_busy_jiffies() - self.busy) / TICKS - (_own_seconds() - self.own)) / took)


def _wait_for_quiet(seconds=2.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with Watch() as watch:
            time.sleep(0.2)
        if watch.others < QUIET:
            return


def run_json(command, cpu=MEASURED, timeout=300):
    """The JSON objects that a program prints, one a line. On one CPU; None: on all there are, for threads."""
    place = pin(cpu) if cpu is not None else None
    done = subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, text=True, timeout=timeout, check=True, preexec_fn=place
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def in_turn(takers, runs=3):
    """Calls each taker `runs` times in turn, up to half as many times more if disturbed; for each the list of what its
    least disturbed calls returned."""
    taken = [[] for _ in takers]
    for attempt in range(runs + (runs + 1) // 2):
        for results, take in zip(taken, takers):
            if attempt < runs or sum(others < QUIET for others, _ in results) < runs:
                _wait_for_quiet()
                with Watch() as watch:
                    value = take()
                results.append((watch.others, value))
    return [[value for _, value in sorted(results, key=lambda r: r[0])[:runs]] for results in taken]


def median(values):
    return statistics.median(values)
