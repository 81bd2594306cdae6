#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the checkers that need a program: clang-format, clang-tidy, shellcheck.

    lint.py format|tidy|shell --build DIR --cache DIR [--jobs N] [--budget SECONDS] [FILES]

clang-tidy takes seconds per file, so what was clean stays clean: the cache holds one empty file per (source, all it
includes, its compile command, .clang-tidy, version of clang-tidy), named by their hash. What a source includes is read from
ninja's own dependency log. Most of those seconds go into the system's headers, so files that are compiled a batch at a
time are checked a batch at a time. Those changed since the last commit come first; when the budget is used up the rest
is named and the status is 77 (skipped in part), unless something was wrong (1).
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
FOLDERS = ("catenet", "cli", "drill", "tests", "bench", "fuzz")
SKIPPED = 77


def tool(name):
    """The program of Debian's LLVM 19, or the plain one where that is version 19 (formats differ between versions)."""
    for candidate in (name + "-19", name):
        path = shutil.which(candidate)
        if path:
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            if "version 19." in version:
                return path, version
    return None, ""


def sources(suffixes, wanted):
    found = []
    for folder in FOLDERS:
        for here, _, names in os.walk(os.path.join(ROOT, folder)):
            found += [os.path.join(here, name) for name in names if name.endswith(suffixes)]
    wanted = {os.path.abspath(path) for path in wanted}
    return sorted(path for path in found if not wanted or path in wanted)


def short(path):
    return os.path.relpath(path, ROOT)


def check_format(options):
    program, _ = tool("clang-format")
    if not program:
        print("format: clang-format 19 is not installed")
        return SKIPPED
    files = sources((".h", ".cc"), options.files)
    status = 0
    for start in range(0, len(files), 50):
        done = subprocess.run([program, "--dry-run", "-Werror", *files[start : start + 50]], cwd=ROOT, check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            status = 1
            print(done.stderr, end="")
    print(f"format: {len(files)} files, {'see above (clang-format-19 -i FILE)' if status else 'clean'}")
    return status


def check_shell(options):
    program = shutil.which("shellcheck")
    if not program:
        print("shell: shellcheck is not installed")
        return SKIPPED
    files = [path for path in ("x", os.path.join(".ci", "run")) if os.path.exists(os.path.join(ROOT, path))]
    for folder in (*FOLDERS, "examples", "docs", "tools"):
        for here, _, names in os.walk(os.path.join(ROOT, folder)):
            files += [short(os.path.join(here, name)) for name in names if name.endswith(".sh")]
    done = subprocess.run([program, *files], cwd=ROOT, check=False)
    print(f"shell: {len(files)} files, {'see above' if done.returncode else 'clean'}")
    return 1 if done.returncode else 0


class Fingerprint:
    """Names the state in which a source was found clean."""

    def __init__(self, build, settings):
        self.build, self.settings = build, settings
        self.contents = {}
        self.includes = self.read_deps()
        self.all_headers = sources((".h",), [])

    def read_deps(self):
        """object file -> what it was compiled from, as ninja recorded it at the last build."""
        deps, current = {}, None
        done = subprocess.run(["ninja", "-C", self.build, "-t", "deps"], capture_output=True, text=True, check=False)
        for line in done.stdout.split("\n"):
            if line.startswith("    "):
                if current:
                    deps[current].append(os.path.normpath(os.path.join(self.build, line.strip())))
            elif line.rstrip().endswith("(VALID)"):
                current = line.split(":", 1)[0]
                deps[current] = []
            else:
                current = None
        return deps

    def content(self, path):
        """Of our own files the text counts, of the system's the size and time."""
        if path not in self.contents:
            try:
                if path.startswith(ROOT + os.sep):
                    with open(path, "rb") as file:
                        self.contents[path] = hashlib.sha256(file.read()).hexdigest()
                else:
                    state = os.stat(path)
                    self.contents[path] = f"{state.st_size} {state.st_mtime_ns}"
            except OSError:
                self.contents[path] = "gone"
        return self.contents[path]

    def of(self, entry):
        digest = hashlib.sha256(self.settings.encode())
        digest.update(entry["command"].encode())
        made = re.search(r" -o (\S+)", entry["command"])
        included = self.includes.get(made.group(1) if made else None) or self.all_headers
        for path in sorted({entry["file"], *included}):
            digest.update(f"\n{path} {self.content(path)}".encode())
        return digest.hexdigest()


def changed_files():
    if not shutil.which("git"):
        return set()
    done = subprocess.run(["git", "-C", ROOT, "status", "--porcelain", "-uall"], capture_output=True, text=True, check=False)
    return {os.path.join(ROOT, line[3:]) for line in done.stdout.split("\n") if line}


class Unit:
    """What one run of clang-tidy looks at: a source, or a batch of them that one file of the build includes."""

    BATCH = re.compile(r"/unity/\w+_\d+\.cc$")

    def __init__(self, entry):
        self.entry, self.path, self.members = entry, entry["file"], [entry["file"]]
        if self.BATCH.search(self.path):
            with open(self.path, encoding="utf-8") as file:
                self.members = [os.path.join(ROOT, path)
                                for path in re.findall(r'^#include "(.+)"$', file.read(), re.MULTILINE)]

    def member(self, path):
        """The same for one source of a batch, which has no command of its own: that of the batch will do."""
        one = Unit.__new__(Unit)
        one.entry = dict(self.entry, file=path, command=self.entry["command"] + " " + path)
        one.path, one.members = path, [path]
        return one

    def flags(self):
        """Of the compiler's what Clang understands too: it does not know how GCC is told to tune itself (-m...)."""
        words = shlex.split(self.entry["command"])
        return [w for w in words if w.startswith(("-I", "-D", "-std=", "-f", "-W"))] + [
            f"-isystem{words[i + 1]}" for i, w in enumerate(words) if w == "-isystem"]

    def command(self, program):
        checks = []
        if len(self.members) > 1 or self.path != self.members[0]:
            checks.append("-bugprone-suspicious-include")  # a batch is made of included sources
        # The analyser walks every path through GoogleTest's macros: five times the time, and nothing found.
        if all(path.endswith("_test.cc") for path in self.members):
            checks.append("-clang-analyzer-*")
        return [program, "--quiet", f"--checks={','.join(checks)}", self.path, "--", *self.flags()]


def units(build, wanted):
    """What there is to check, or only the units of these files."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        every = {entry["file"]: Unit(entry) for entry in json.load(file)}  # a source of two targets is checked once
    ours = set(sources((".cc",), []))
    if not wanted:
        return [unit for unit in every.values() if any(path in ours for path in unit.members)]
    wanted = {os.path.abspath(path) for path in wanted} & ours
    return [unit if unit.path == path else unit.member(path)
            for unit in every.values() for path in unit.members if path in wanted]


def tidy_one(program, build, unit, deadline):
    left = deadline - time.monotonic()
    if left <= 0:
        return unit, None, ""
    try:
        done = subprocess.run(unit.command(program), cwd=build, capture_output=True, text=True, check=False, timeout=left)
    except subprocess.TimeoutExpired:
        return unit, None, ""
    errors = "\n".join(line for line in done.stderr.split("\n") if "error:" in line and "errors treated as errors" not in line)
    return unit, done.returncode, done.stdout + (errors if done.returncode else "")


def check_tidy(options):
    program, version = tool("clang-tidy")
    if not program:
        print("tidy: clang-tidy 19 is not installed")
        return SKIPPED
    with open(os.path.join(ROOT, ".clang-tidy"), encoding="utf-8") as file:
        fingerprint = Fingerprint(options.build, version + file.read())
    os.makedirs(options.cache, exist_ok=True)
    known = set(os.listdir(options.cache))
    found = units(options.build, options.files)
    prints = {unit.path: fingerprint.of(unit.entry) for unit in found}
    changed = changed_files()
    work = sorted((unit for unit in found if prints[unit.path] not in known),
                  key=lambda unit: (not changed.intersection(unit.members), unit.path))
    started = time.monotonic()
    deadline = started + options.budget
    wrong, unchecked, seen = [], [], {}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(tidy_one, program, options.build, unit, deadline) for unit in work]
        for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
            unit, status, output = run.result()
            if status is None:
                unchecked += unit.members
            elif status == 0:
                with open(os.path.join(options.cache, prints[unit.path]), "wb"):
                    pass
            else:
                wrong.append(unit)
                seen.setdefault(output.rstrip())
            if number % 10 == 0:
                print(f"tidy: {number} of {len(work)}", flush=True)
    for path in sorted(unchecked):
        print(f"tidy: not checked, the time was used up: {short(path)}")
    for output in seen:  # at the end, where it is found again
        print(output)
    if not options.files:  # what no source of today has as its name is of no more use
        for name in known - set(prints.values()):
            os.unlink(os.path.join(options.cache, name))
    print(f"tidy: {sum(len(unit.members) for unit in found)} files, {len(found) - len(work)} of {len(found)} batches known to be"
          f" clean, {len(wrong)} with faults, {time.monotonic() - started:.0f} s")
    return 1 if wrong else SKIPPED if unchecked else 0


def main():
    parser = argparse.ArgumentParser(description="runs one checker over the sources")
    parser.add_argument("checker", choices=("format", "tidy", "shell"))
    parser.add_argument("--build", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--budget", type=float, default=1800.0)
    parser.add_argument("files", nargs="*")
    options = parser.parse_intermixed_args()
    options.build, options.cache = os.path.abspath(options.build), os.path.abspath(options.cache)
    sys.exit({"format": check_format, "tidy": check_tidy, "shell": check_shell}[options.checker](options))


if __name__ == "__main__":
    main()
