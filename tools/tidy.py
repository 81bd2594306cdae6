#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules of CONTRIBUTING.md that no compiler checks. Runs as the test "tidy".

    tidy.py [ROOT]      prints every breach as FILE:LINE: [rule] what, then the figures; status 1 if there is any

Rules, by the name they are printed with:
  floor     a file includes only its own folder and folders on lower floors (tools/floors.txt); tests also testing/;
            what only tests share (test_*.h, *_test_*.h) is included by tests alone
  length    a file has at most 1,000 lines, a function at most 70
  clock     no clock is read            \\
  random    no source of randomness      |  in catenet/, outside base, sim and live:
  thread    no threads and locks         |  the driver sets the time, streams are named,
  state     no mutable statics           |  and nothing depends on the machine
  getenv    no environment              /
  print     the library does not write to the terminal (base's check() does, when all is lost)
  function  no std::function up to transport's floor, where packets pass: catenet/base/delegate.h
  order     no iteration over an unordered container
  test      every .cc has a _test.cc beside it, or one in its folder that includes or names it (or tools/tidy_allow.txt)
  readme    every folder of catenet/ with sources has a README.md
  licence   the licence tag is in the first three lines of every source
  later     nothing is put off: no notes to do it later
  blank     (not in testdata/) no tabs, no blanks at the end of a line, a newline at the end of the file
"""
import os
import re
import statistics
import sys

from cxx_text import blank, functions, scope_statements

MAX_FILE_LINES = 1000
MAX_FUNCTION_LINES = 70
SOURCE = (".h", ".cc")
TAGGED = (".h", ".cc", ".py", ".sh")
TEXT = TAGGED + (".md", ".yaml", ".yml", ".cmake", ".json")
TEXT_NAMES = ("x", "run", "packages.txt", "CMakeLists.txt", ".clang-tidy", ".clang-format", ".editorconfig")
MACHINE_ROOMS = ("base", "sim", "live")  # where clocks, randomness, threads and state may be
FUNCTION_FLOOR = 6
# "Which simulated program calls" cannot be an argument of read(2): see catenet/posix/current.h; so too std::cout.
STATE_FILES = ("catenet/posix/current.cc", "catenet/posix/calls_stdio.cc")

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
LATER = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b|\bnot " + r"(yet )?implemented\b")

BANNED = {  # rule: (pattern, what is wrong)
    "clock": re.compile(
        r"\b(?:std::chrono::)?(?:system_clock|steady_clock|high_resolution_clock|utc_clock)\b"
        r"|\b(?:clock_gettime|gettimeofday|timespec_get|ftime)\s*\(|(?<![\w.>:])(?:std::|::)?(?:time|clock)\s*\(\s*(?:0|NULL|nullptr|&\w+)?\s*\)"
        r"|\bthis_thread::sleep_(?:for|until)\s*\(|(?<![\w:])::sleep\s*\(|\b(?:u|nano|clock_nano)sleep\s*\(|\b__rdtscp?\s*\(|\b__builtin_ia32_rdtsc"
    ),
    "random": re.compile(
        r"\brandom_device\b|\bstd::(?:mt19937(?:_64)?|minstd_rand0?|default_random_engine|ranlux\w+|shuffle|sample)\b"
        r"|\b[dlmn]rand48\s*\(|(?<![\w.>])(?:std::|::)?s?rand\s*\(|(?<![\w:])::s?random\s*\(|\barc4random\w*\s*\(|\bget(?:random|entropy)\s*\("
    ),
    "thread": re.compile(
        r"\bstd::(?:jthread|thread|mutex|shared_mutex|recursive_mutex|condition_variable\w*|async|future|promise"
        r"|lock_guard|unique_lock|scoped_lock|atomic\w*|call_once|once_flag|barrier|latch|counting_semaphore)\b|\bpthread_\w+"
    ),
    "getenv": re.compile(r"\b(?:secure_)?getenv\s*\("),
    "print": re.compile(
        r"\bstd::(?:cout|cerr|clog)\b|\b(?:fmt::|std::)(?:v?print|println)\s*\(|(?<![\w.>])(?:std::|::)?v?printf\s*\("
        r"|(?<![\w.>])(?:std::|::)?(?:puts|putchar|perror)\s*\(|\b(?:stdout|stderr)\b"
    ),
    "function": re.compile(r"\bstd::(?:move_only_)?function\s*<"),
}
BANNED_TEXT = {
    "clock": "reads a clock; time comes from the driver (an Instant in the call)",
    "random": "takes randomness from outside; use a named stream of catenet/base/rng.h",
    "thread": "threads and locks belong to sim and live",
    "getenv": "the environment may not change what a run does",
    "print": "the library does not print; give the text to the caller",
    "function": "std::function allocates and is slow; use catenet/base/delegate.h",
}
STATIC = re.compile(r"(?<!\w)(?:static|thread_local)\s+(?P<rest>[^;{}]*?)(?P<end>[;{=])")
UNORDERED = re.compile(r"\b(?:std|boost)::unordered_(?:flat_|node_)?(?:multi)?(?:map|set)\s*<")


class Tree:
    """The files of a working tree, and what was found wrong with them."""

    def __init__(self, root):
        self.root = root
        self.breaches = []
        self.file_lines, self.function_lines = [], []  # figures only
        self.library_lines, self.comment_lines = 0, 0
        self.floors, self.apart = self.read_floors()
        self.texts = {}
        for folder, folders, names in os.walk(root):
            here = os.path.relpath(folder, root)
            folders[:] = sorted(
                name for name in folders
                if name not in (".git", "__pycache__", "node_modules") and not (here == "." and re.match(r"build|out$", name))
                and os.path.join(here, name) != os.path.join("fuzz", "corpus")
            )
            for name in sorted(names):
                if name.endswith(TEXT) or name in TEXT_NAMES:
                    path = os.path.normpath(os.path.join(here, name))
                    with open(os.path.join(root, path), encoding="utf-8", errors="replace", newline="") as file:
                        self.texts[path] = file.read()

    def breach(self, path, line, rule, what):
        self.breaches.append((path, line, rule, what))

    def read_floors(self):
        floors, apart = {}, set()
        with open(os.path.join(self.root, "tools", "floors.txt"), encoding="utf-8") as file:
            for line in file:
                words = line.split("#")[0].split()
                if words:
                    floors[words[0]] = int(words[1])
                    if "apart" in words[2:]:
                        apart.add(words[0])
        return floors, apart

    def read_allowed(self):
        """path -> why, from tools/tidy_allow.txt. An entry without a reason, or for a file that is not there, is a breach."""
        allowed, name = {}, os.path.join("tools", "tidy_allow.txt")
        full = os.path.join(self.root, name)
        if not os.path.exists(full):
            return allowed
        with open(full, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                path, _, why = line.partition("#")
                path, why = path.strip(), why.strip()
                if path and not why:
                    self.breach(name, number, "test", f"{path}: say why it needs no test")
                elif path and path not in self.texts:
                    self.breach(name, number, "test", f"{path}: there is no such file")
                elif path:
                    allowed[path] = (number, why)
        return allowed


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def room_of(path):
    """The folder whose floor counts: "ip" for catenet/ip/..., "cli" for cli/..., None elsewhere."""
    parts = path.replace(os.sep, "/").split("/")
    if parts[0] == "catenet":
        return parts[1] if len(parts) > 2 else None
    return parts[0] if len(parts) > 1 else None


def is_test(path):
    return path.endswith("_test.cc") or is_test_support(path)


def is_test_support(path):
    return re.search(r"(^|/)(\w+_)?test_\w+\.h$", path) is not None


def check_includes(tree, path, text):
    room = room_of(path)
    if room not in tree.floors:
        if path.startswith("catenet"):
            tree.breach(path, 1, "floor", f"folder '{room}' has no floor in tools/floors.txt")
        return
    for match in INCLUDE.finditer(text):
        target, line = match.group(1), line_of(text, match.start(1))
        other = room_of(target)
        if is_test_support(target) and not is_test(path):
            tree.breach(path, line, "floor", f"{target} is for tests")
        if other not in tree.floors:
            tree.breach(path, line, "floor", f'"{target}" does not start with catenet/FOLDER/ or a folder of tools/floors.txt')
        elif other != room:
            mine, its = tree.floors[room], tree.floors[other]
            if is_test(path) and other == "testing":
                continue
            if its >= mine:
                tree.breach(path, line, "floor", f"{room} (floor {mine}) includes {other} (floor {its}): {target}")
            elif other in tree.apart and 4 <= mine <= 8 and not is_test(path):
                tree.breach(path, line, "floor", f"{room} must work without {other}: {target}")


def check_lengths(tree, path, text):
    lines = text.count("\n")
    tree.file_lines.append(lines)
    if lines > MAX_FILE_LINES:
        tree.breach(path, lines, "length", f"{lines} lines; the limit is {MAX_FILE_LINES}")
    for first, last in functions(text):
        length = last - first + 1
        tree.function_lines.append(length)
        if length > MAX_FUNCTION_LINES:
            tree.breach(path, first, "length", f"a function of {length} lines; the limit is {MAX_FUNCTION_LINES}")


def check_banned(tree, path, code):
    room, test = room_of(path), is_test(path)
    machine = room in MACHINE_ROOMS
    for rule, pattern in BANNED.items():
        if rule in ("clock", "random", "thread", "getenv") and machine:
            continue
        if rule == "print" and (test or room == "base"):
            continue
        if rule in ("thread", "getenv") and test:
            continue
        if rule == "function" and (test or tree.floors.get(room, 0) > FUNCTION_FLOOR):
            continue
        for match in pattern.finditer(code):
            tree.breach(path, line_of(code, match.start()), rule, f"{match.group(0).strip()}: {BANNED_TEXT[rule]}")


def check_state(tree, path, text, code):
    if room_of(path) in MACHINE_ROOMS or is_test(path) or path in STATE_FILES:
        return
    found = {}
    for match in STATIC.finditer(code):
        rest = match.group("rest")
        if re.match(r"(?:inline\s+|thread_local\s+)*(?:constexpr|const|consteval|constinit\s+const)\b", rest):
            continue
        if "(" in rest or rest.startswith("_assert"):  # a function
            continue
        found[line_of(code, match.start())] = " ".join(f"{match.group(0).split()[0]} {rest}".split())
    for line, statement in scope_statements(text):
        if re.match(r"(using|typedef|friend|static_assert|extern|namespace|class|struct|union|enum|concept|template|asm)\b", statement):
            continue
        if re.search(r"\b(constexpr|const|operator|consteval)\b", statement) or line in found:
            continue
        head = re.split(r"[={]", statement)[0]
        if "(" not in head and re.match(r"(?:inline\s+)?[\w:<>,*&\s]+[\s*&>](\w+)(\[.*\])?\s*$", head):
            found[line] = head.strip()
    for line, what in sorted(found.items()):
        tree.breach(path, line, "state", f"{what}: state that outlives a run; make it a member of its owner")


def check_order(tree, path, code):
    """Names declared with an unordered type, here or in the header beside, may be looked up but not walked."""
    if is_test(path):
        return
    beside = re.sub(r"\.cc$", ".h", path)
    declared = code + ("" if beside == path else blank(tree.texts.get(beside, "")))
    names = set()
    for match in UNORDERED.finditer(declared):
        depth, at = 1, match.end()
        while at < len(declared) and depth:
            depth += {"<": 1, ">": -1}.get(declared[at], 0)
            at += 1
        name = re.match(r"[\s&]*(\w+)\s*[;={,)(]", declared[at:])
        if name:
            names.add(name.group(1))
    for name in sorted(names):
        for match in re.finditer(rf"for\s*\([^;()]*:\s*(?:\w+(?:\.|->))*{name}\s*\)|\b{name}\s*\.\s*c?begin\s*\(", code):
            tree.breach(path, line_of(code, match.start()), "order", f"walks {name}, whose order is not defined")


def check_licence(tree, path, text):
    name = os.path.basename(path)
    script = name == "x" or path == os.path.join(".ci", "run")
    if (path.endswith(TAGGED) or script) and not any(
        "SPDX-License-Identifier: Apache-2.0" in line for line in text.split("\n")[:3]
    ):
        tree.breach(path, 1, "licence", "no SPDX-License-Identifier in the first three lines")


def check_text(tree, path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if LATER.search(line):
            tree.breach(path, number, "later", "what is not there gives a named error; notes to do it later go elsewhere")
        if "/testdata/" in path:  # wrong on purpose
            continue
        if "\t" in line or "\r" in line:
            tree.breach(path, number, "blank", "a tab or a carriage return")
        elif line != line.rstrip():
            tree.breach(path, number, "blank", "blanks at the end of the line")
    if text and not text.endswith("\n") and "/testdata/" not in path:
        tree.breach(path, text.count("\n") + 1, "blank", "no newline at the end of the file")


def check_tests_exist(tree):
    allowed = tree.read_allowed()
    tests = {path: text for path, text in tree.texts.items() if path.endswith("_test.cc")}
    for path in tree.texts:
        if not (path.startswith("catenet" + os.sep) and path.endswith(".cc")) or is_test(path):
            continue
        folder, stem = os.path.dirname(path), os.path.basename(path)[:-3]
        beside = os.path.join(folder, stem + "_test.cc")
        mention = re.compile(rf"(?<![\w]){re.escape(stem)}\.(?:h|cc)\b")
        covered = beside in tests or any(
            os.path.dirname(test) == folder and mention.search(text) for test, text in tests.items()
        )
        if not covered and path not in allowed:
            tree.breach(path, 1, "test", f"no {stem}_test.cc, and no test in this folder includes or names {stem}")
        elif covered and path in allowed:
            tree.breach(os.path.join("tools", "tidy_allow.txt"), allowed[path][0], "test", f"{path} has a test: remove the line")


def check_readmes(tree):
    folders = {os.path.dirname(path) for path in tree.texts if path.startswith("catenet" + os.sep) and path.endswith(SOURCE)}
    for folder in sorted(folders):
        if os.path.join(folder, "README.md") not in tree.texts:
            tree.breach(folder, 1, "readme", "no README.md: purpose, files in reading order, RFCs, what may be touched")


def check(root):
    tree = Tree(root)
    for path, text in tree.texts.items():
        check_text(tree, path, text)
        check_licence(tree, path, text)
        if not path.endswith(SOURCE):
            continue
        check_includes(tree, path, text)
        check_lengths(tree, path, text)
        if path.startswith("catenet" + os.sep):
            code = blank(text)
            tree.library_lines += text.count("\n")
            tree.comment_lines += len(re.findall(r"^.*//", text, re.MULTILINE))
            check_banned(tree, path, code)
            check_state(tree, path, text, code)
            check_order(tree, path, code)
    check_tests_exist(tree)
    check_readmes(tree)
    tree.breaches.sort()
    return tree


def main():
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and not os.path.isdir(sys.argv[1])):
        print(__doc__.strip())
        sys.exit(0 if sys.argv[1] in ("-h", "--help") else 2)
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    tree = check(os.path.abspath(root))
    for path, line, rule, what in tree.breaches:
        print(f"{path}:{line}: [{rule}] {what}")
    if tree.file_lines and tree.function_lines:
        share = 100 * tree.comment_lines / max(1, tree.library_lines)
        print(
            f"tidy: {len(tree.file_lines)} files of {statistics.median(tree.file_lines):.0f} lines (median), longest"
            f" {max(tree.file_lines)}; {len(tree.function_lines)} functions of"
            f" {statistics.median(tree.function_lines):.0f} lines (median), longest {max(tree.function_lines)};"
            f" comments on {share:.0f} % of the lines of catenet/"
        )
    print(f"tidy: {len(tree.breaches)} breaches" if tree.breaches else "tidy: clean")
    sys.exit(1 if tree.breaches else 0)


if __name__ == "__main__":
    main()
