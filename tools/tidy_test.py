#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants small trees, each with one breach or with something that only looks like one, and runs tidy over them."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tidy  # noqa: E402
from cxx_text import blank, functions  # noqa: E402

TAG = "// SPDX-License-Identifier: Apache-2.0\n"
FLOORS = "base 0\nwire 1\npacket 1\nnet 2\nsim 3 apart\nip 5\nnode 9\nlab 10\ntesting 10\ncli 11\n"


class TidyTest(unittest.TestCase):
    def breaches(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {"tools/floors.txt": FLOORS, **files}.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            return [(path, line, rule) for path, line, rule, _ in tidy.check(root).breaches]

    def source(self, path, body):
        """A tree that is clean but for what the body of this one file does."""
        files = {path: TAG + body}
        if path.startswith("catenet/"):
            files[os.path.dirname(path) + "/README.md"] = "# Room\n"
            if path.endswith(".cc") and not path.endswith("_test.cc"):
                files[path[:-3] + "_test.cc"] = TAG
        return files

    def expect(self, path, body, *rules):
        self.assertEqual([rule for _, _, rule in self.breaches(self.source(path, body))], list(rules), body)

    def test_floors(self):
        self.expect("catenet/ip/a.h", '#include "catenet/net/b.h"\n#include "catenet/ip/c.h"\n#include <net/if.h>\n')
        self.expect("catenet/net/a.h", '#include "catenet/ip/b.h"\n', "floor")
        self.expect("catenet/wire/a.h", '#include "catenet/packet/b.h"\n', "floor")  # one floor
        self.expect("catenet/ip/a.h", '#  include  "catenet/sim/b.h"\n', "floor")  # apart
        self.expect("catenet/node/a.h", '#include "catenet/sim/b.h"\n')
        self.expect("catenet/ip/a.h", '#include "b.h"\n', "floor")
        self.expect("catenet/ip/a.h", '#include "catenet/testing/b.h"\n', "floor")
        self.expect("catenet/ip/a_test.cc", '#include "catenet/testing/b.h"\n#include "catenet/sim/c.h"\n')
        self.expect("catenet/ip/a_test.cc", '#include "catenet/node/b.h"\n', "floor")
        self.expect("catenet/ip/deep/a.h", '#include "catenet/node/b.h"\n', "floor")
        self.expect("catenet/cellar/a.h", "", "floor")
        self.expect("cli/a.cc", '#include "catenet/lab/b.h"\n')
        self.expect("catenet/ip/a_test.cc", '#include "catenet/ip/test_b.h"\n')
        self.expect("catenet/ip/a.h", '#include "catenet/ip/test_b.h"\n', "floor")
        self.expect("catenet/ip/a.h", '#include "catenet/ip/b_test_net.h"\n', "floor")

    def test_place(self):
        found = self.breaches(self.source("catenet/net/a.h", '\n#include "catenet/ip/b.h"\n'))
        self.assertEqual(found, [("catenet/net/a.h", 3, "floor")])

    def test_lengths(self):
        body = "  f();\n"
        self.expect("catenet/ip/a.cc", "void g() {\n" + body * 68 + "}\n")
        self.expect("catenet/ip/a.cc", "void g() {\n" + body * 69 + "}\n", "length")
        self.expect("catenet/ip/a.cc", "A::A(int x)\n    : x_{x},\n      y_(2) {\n" + body * 67 + "}\n", "length")
        self.expect("catenet/ip/a.cc", "struct A {\n  int f;\n" + "  int g() const { return f; }\n" * 80 + "};\n")
        self.expect("catenet/ip/a.cc", "constexpr int kTable[] = {\n" + "    f(1),\n" * 80 + "};\n")
        self.expect("catenet/ip/a.cc", "//\n" * 999)
        self.expect("catenet/ip/a.cc", "//\n" * 1000, "length")

    def test_functions_are_found(self):
        def lengths(text):
            return [last - first + 1 for first, last in functions(text)]

        self.assertEqual(lengths("int f() {\n  return 1;\n}\nint g() { return 2; }\n"), [3, 1])
        self.assertEqual(lengths("namespace a {\nclass B : public C {\n public:\n  B() : x_{1} {}\n  int x_{0};\n};\n}\n"), [1])
        self.assertEqual(lengths("template <class T, int n>\nauto f(T x) -> int {\n  if (x) {\n  }\n}\n"), [5])
        self.assertEqual(lengths("bool operator==(A a, A b) {\n}\nA& operator=(A&&) noexcept {\n}\n"), [2, 2])
        self.assertEqual(lengths('const char* s = "{ } (";\nchar c = \'{\';\nint n = 1\'000;\nauto r = R"(f() {)";\nvoid f() {\n}\n'), [2])
        self.assertEqual(lengths("#if A\nvoid f() {\n#else\nvoid f(int) {\n#endif\n}\n"), [5])
        self.assertEqual(lengths("enum class E : int { kA };\nunion U { int a; };\nint f(int a = 3) {\n}\n"), [2])

    def test_blank(self):
        self.assertEqual(blank('a("rand()"); // time(0)\nb'), 'a("      ");           \nb')
        self.assertEqual(blank("1'000 'x' /* {\n */ }"), "1'000 ' '     \n    }")

    def test_clocks(self):
        for call in ("std::chrono::steady_clock::now();", "time(nullptr);", "::time(0);", "gettimeofday(&t, nullptr);",
                     "clock_gettime(CLOCK_REALTIME, &t);", "std::this_thread::sleep_for(x);", "usleep(10);",
                     "::sleep(1);"):
            self.expect("catenet/ip/a.cc", f"void f() {{ {call} }}\n", "clock")
            self.expect("catenet/sim/a.cc", f"void f() {{ {call} }}\n")
            self.expect("cli/a.cc", f"void f() {{ {call} }}\n")
        self.expect("catenet/ip/a_test.cc", "void f() { time(nullptr); }\n", "clock")
        self.expect("catenet/ip/a.cc", "// time(0) is not called\nvoid f() { run_time(0); p.time(); at->time(); socket::sleep(d); sleep_for(d); }\n")

    def test_randomness(self):
        for call in ("rand();", "std::random_device d;", "std::mt19937 g;", "getrandom(p, n, 0);", "::random();", "srand(1);"):
            self.expect("catenet/ip/a.cc", f"void f() {{ {call} }}\n", "random")
        self.expect("catenet/ip/a.cc", "void f() { rng.random(); random(); strand(); }\n")

    def test_threads(self):
        self.expect("catenet/ip/a.h", "struct A { std::mutex mutex_; };\n", "thread")
        self.expect("catenet/ip/a.h", "struct A { std::atomic<int> n_; };\n", "thread")
        self.expect("catenet/live/a.h", "struct A { std::mutex mutex_; };\n", "floor")  # live is not in this house
        self.expect("catenet/sim/a.h", "struct A { std::thread thread_; };\n")

    def test_state(self):
        self.expect("catenet/ip/a.cc", "namespace a {\nint count = 0;\n}\n", "state")
        self.expect("catenet/ip/a.cc", "void f() { static int n = 0; }\n", "state")
        self.expect("catenet/ip/a.cc", "static std::vector<int> list;\n", "state")
        self.expect("catenet/ip/a.h", "struct A {\n  static int n_;\n};\n", "state")
        self.expect("catenet/ip/a.cc", "thread_local int n;\n", "state")
        self.expect("catenet/sim/a.cc", "int count = 0;\n")
        self.expect("catenet/ip/a.cc", "constexpr int kA = 1;\nconst int kB{2};\nint f(int a);\nusing A = int;\nstruct B;\n"
                                       "struct C { static int make(int a = 1); int n_ = 0; static constexpr int kN = 1; };\n"
                                       "static_assert(kA == 1);\nstatic int g() { int n = 0; return n; }\n"
                                       "template <class T> T h(T x);\nextern template class D<int>;\n")

    def test_getenv_print_function(self):
        self.expect("catenet/ip/a.cc", 'void f() { std::getenv("A"); }\n', "getenv")
        self.expect("catenet/ip/a.cc", "void f() { std::cout << 1; }\n", "print")
        self.expect("catenet/lab/a.cc", 'void f() { fmt::print("x"); printf("y"); }\n', "print", "print")
        self.expect("catenet/base/a.cc", 'void f() { std::fputs("x", stderr); }\n')
        self.expect("catenet/ip/a.cc", "void f() { snprintf(p, n, q); }\n")
        self.expect("catenet/ip/a.h", "struct A { std::function<void()> f_; };\n", "function")
        self.expect("catenet/lab/a.h", "struct A { std::function<void()> f_; };\n")

    def test_order(self):
        self.expect("catenet/ip/a.cc", "std::unordered_map<int, std::vector<int>> m;\nvoid f() { for (auto& [k, v] : m) g(k); }\n",
                    "state", "order")
        self.expect("catenet/ip/a.h", "struct A {\n  void f() { m_.find(1); for (int x : list_) g(x); }\n"
                                      "  std::unordered_map<int, int> m_;\n};\n")
        files = self.source("catenet/ip/a.cc", "void A::f() { g(m_.begin()); }\n")
        files["catenet/ip/a.h"] = TAG + "struct A { boost::unordered_flat_map<int, int> m_; };\n"
        self.assertEqual([rule for _, _, rule in self.breaches(files)], ["order"])

    def test_tests_exist(self):
        files = self.source("catenet/ip/a.cc", "")
        del files["catenet/ip/a_test.cc"]
        self.assertEqual(self.breaches(files), [("catenet/ip/a.cc", 1, "test")])
        files["catenet/ip/b_test.cc"] = TAG + "// Tests ba.cc.\n"
        self.assertEqual(self.breaches(files), [("catenet/ip/a.cc", 1, "test")])
        files["catenet/ip/b_test.cc"] = TAG + "// Tests a.cc.\n"
        self.assertEqual(self.breaches(files), [])
        files["catenet/ip/b_test.cc"] = TAG + '#include "catenet/ip/a.h"\n'
        self.assertEqual(self.breaches(files), [])
        files["tools/tidy_allow.txt"] = "catenet/ip/a.cc  # has nothing to test\n"
        self.assertEqual(self.breaches(files), [("tools/tidy_allow.txt", 1, "test")])  # it has a test
        del files["catenet/ip/b_test.cc"]
        self.assertEqual(self.breaches(files), [])
        files["tools/tidy_allow.txt"] = "# why\ncatenet/ip/a.cc\n"
        self.assertEqual([rule for _, _, rule in self.breaches(files)], ["test", "test"])

    def test_readme(self):
        files = self.source("catenet/ip/deep/a.h", "")
        self.assertEqual(self.breaches(files), [])
        del files["catenet/ip/deep/README.md"]
        self.assertEqual(self.breaches(files), [("catenet/ip/deep", 1, "readme")])

    def test_text(self):
        note = "TO" + "DO"
        self.expect("catenet/ip/a.h", f"// {note}: later\n", "later")
        self.expect("catenet/ip/a.h", "// not " + "implemented\n", "later")
        self.expect("catenet/ip/a.h", '// mkstemp("aXXXXXX")\n')
        self.expect("catenet/ip/a.h", "int\tf();\n", "blank")
        self.expect("catenet/ip/a.h", "int f(); \n", "blank")
        self.expect("catenet/ip/a.h", "int f();", "blank")
        self.assertEqual(self.breaches({"catenet/lab/testdata/a.yaml": "a:\t1 "}), [])
        self.assertEqual(self.breaches({"docs/a.md": f"{note}\n"}), [("docs/a.md", 1, "later")])
        self.assertEqual(self.breaches({"build/a.md": f"{note}\n", "out/a.md": "\t\n", "fuzz/corpus/a.json": "\t"}), [])

    def test_licence(self):
        self.assertEqual(self.breaches({"cli/a.cc": "int a();\n"}), [("cli/a.cc", 1, "licence")])
        self.assertEqual(self.breaches({"x": "#!/bin/sh\n"}), [("x", 1, "licence")])


if __name__ == "__main__":
    unittest.main()
