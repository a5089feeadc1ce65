#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of tools/tidy.py fires on a bad snippet and is silent on the good one beside it."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
sys.dont_write_bytecode = True

import tidy  # noqa: E402
from tidy_rules.size_rules import cpp_functions  # noqa: E402
from tidy_rules.source import Source  # noqa: E402

TOP = "// SPDX-License-Identifier: Apache-2.0\n// A file that is good in every way.\n"
HOT = "// SPDX-License-Identifier: Apache-2.0\n// HOT: runs for every request.\n"
PYTHON = "#!/usr/bin/env python3\n# SPDX-License-Identifier: Apache-2.0\n"


def rules_of(files, rule=None):
    """The names of the rules that fire on {path: text}."""
    tree = [Source(path, text) for path, text in files.items()]
    found = {finding.rule for finding in tidy.check_tree(tree, list(files))}
    return found if rule is None else found & {rule}


def long_body(lines):
    return "\n".join(f"  step_{number}();" for number in range(lines))


# rule, path, bad line, good line: both below the top of a C++ file.
LINES = [
    ("tab", "edge/a.cc", "int\tx;", "int x;"),
    ("space", "edge/a.cc", "int x; ", "int x;"),
    ("columns", "edge/a.cc", "// " + "x" * 98, "// " + "x" * 97),
    ("ascii", "edge/a.cc", "// caf\u00e9", "// cafe"),
    ("unfinished", "edge/a.cc", "// TO" + "DO: later", "// todo lists are fine"),
    ("unfinished", "edge/a.cc", "// FIX" + "ME", "// fixed"),
    ("place", "edge/a.cc", 'auto p = "/wo' + 'rk/x";', 'auto p = "/framework/x";'),
    ("using-namespace", "edge/a.cc", "using namespace pixel;", "using pixel::edge::Worker;"),
    ("columns", "edge/a.cc", "// clang-format on\n" + "x" * 101, "// clang-format off\n" + "x" * 101),
    ("using-namespace", "edge/a.cc", "using namespace std;",
     "using namespace std::string_view_literals;"),
    ("exception", "edge/a.cc", "// EXCEP" "TION(speed): because", "// EXCEP" "TION(hot): because"),
    ("include", "base/a.cc", '#include "logfmt/x.h"', '#include "base/x.h"'),
    ("include", "logfmt/a.cc", '#include "edge/x.h"', '#include "base/x.h"'),
    ("include", "edge/a.cc", '#include "shipper/x.h"', '#include "edge/http/x.h"'),
    ("include", "shipper/a.cc", '#include "edge/x.h"', '#include "shipper/tail/x.h"'),
    ("include", "edge/net/a.cc", '#include "edge/http/x.h"', '#include "edge/net/x.h"'),
    ("include", "edge/http/a.cc", '#include "edge/log/x.h"', '#include "base/x.h"'),
    ("include", "edge/log/a.cc", '#include "edge/http/parser.h"',
     '#include "edge/http/request_view.h"'),
    ("include", "edge/log/a.cc", '#include "edge/worker.h"', '#include "logfmt/x.h"'),
    ("include", "shipper/tail/a.cc", '#include "shipper/decode/x.h"',
     '#include "shipper/tail/x.h"'),
    ("include", "shipper/batch/a.cc", '#include "shipper/deliver/runner.h"',
     '#include "shipper/deliver/checkpoint.h"'),
    ("include", "shipper/sinks/lake/a.cc", '#include "shipper/sinks/file/x.h"',
     '#include "shipper/sinks/lake/x.h"'),
    ("include", "shipper/sinks/file/a.cc", '#include "shipper/sinks/duckdb/duckdb_handle.h"',
     '#include "shipper/sinks/sink.h"'),
    ("include", "shipper/sinks/lake/a.cc", '#include "shipper/sinks/duckdb/sink.h"',
     '#include "shipper/sinks/duckdb/duckdb_handle.h"'),
    ("include", "tools/pixel_log/a.cc", '#include "edge/x.h"', '#include "tools/pixel_log/x.h"'),
    ("include", "tools/pixel_log/a.cc", '#include "tools/pixel_load/x.h"',
     '#include "logfmt/x.h"'),
    ("include", "edge/a.cc", '#include "worker.h"', '#include "edge/worker.h"'),
    ("include", "edge/a.cc", '#include "tests/support/x.h"', "#include <array>"),
]

# Bad and good lines of a HOT file.
HOT_LINES = [
    ("auto* x = new int[4];", "new (place) Slot();"),
    ("void* x = malloc(4);", "arena.take(4);"),
    ("auto x = std::make_unique<int>(4);", "std::construct_at(x);"),
    ("std::string name;", "std::string_view name;"),
    ("std::function<void()> call;", "template <class Call> void f(Call call);"),
    ("std::shared_ptr<int> x;", "std::uint32_t generation;"),
    ("throw 1;", "return Refusal::kBadRequest;  // We never throw."),
    ("std::mutex lock;", "std::atomic<int> x;"),
    ('printf("x");', 'auto text = "printf(";'),
    ("#include <iostream>", "#include <cstring>"),
    ("spdlog::info(1);", "counters.completions.add();"),
]


class LineRules(unittest.TestCase):
    def test_each_fires_on_the_bad_line_only(self):
        for rule, path, bad, good in LINES:
            with self.subTest(rule=rule, bad=bad):
                self.assertEqual(rules_of({path: TOP + bad + "\n"}, rule), {rule})
                self.assertEqual(rules_of({path: TOP + good + "\n"}, rule), set())

    def test_hot_files(self):
        for bad, good in HOT_LINES:
            with self.subTest(bad=bad):
                self.assertEqual(rules_of({"edge/a.cc": HOT + bad + "\n"}, "hot"), {"hot"})
                self.assertEqual(rules_of({"edge/a.cc": HOT + good + "\n"}, "hot"), set())
                self.assertEqual(rules_of({"edge/a.cc": TOP + bad + "\n"}, "hot"), set())
                self.assertEqual(rules_of({"tools/x/a.cc": HOT + bad + "\n"}, "hot"), set())


class FileRules(unittest.TestCase):
    def test_licence(self):
        self.assertIn("spdx", rules_of({"edge/a.cc": "// What it does, at length.\n"}))
        self.assertIn("spdx", rules_of({"tools/a.py": "print(1)\n"}))
        self.assertNotIn("spdx", rules_of({"tools/a.py": PYTHON}))

    def test_header_comment(self):
        licence_only = "// SPDX-License-Identifier: Apache-2.0\nint x;\n"
        self.assertIn("header", rules_of({"edge/a.cc": licence_only}))
        self.assertNotIn("header", rules_of({"edge/a.cc": TOP}))
        self.assertIn("header", rules_of({"edge/a.h": TOP}))
        self.assertNotIn("header", rules_of({"edge/a.h": TOP + "#pragma once\n"}))

    def test_file_size(self):
        self.assertIn("file-size", rules_of({"edge/a.cc": TOP + "int x;\n" * 799}))
        self.assertNotIn("file-size", rules_of({"edge/a.cc": TOP + "int x;\n" * 798}))

    def test_function_size(self):
        for lines, expected in ((68, set()), (69, {"function-size"})):
            body = long_body(lines)
            for path, text in (("edge/a.cc", f"{TOP}void f(int x) {{\n{body}\n}}\n"),
                               ("tools/a.sh", f"{PYTHON}f() {{\n{body}\n}}\n")):
                with self.subTest(path=path, lines=lines):
                    self.assertEqual(rules_of({path: text}, "function-size"), expected)
        python = f"{PYTHON}def f():\n" + "    pass\n" * 70
        self.assertIn("function-size", rules_of({"tools/a.py": python}))

    def test_exception_with_reason_excuses_its_rule_only(self):
        allocation = "int* x = new int;\n"
        excused = HOT + "// EXCEPTION(hot): boot only, at the first request.\n" + allocation
        self.assertEqual(rules_of({"edge/a.cc": excused}, "hot"), set())
        other = HOT + "\n" * 12 + "// EXCEPTION(tab): wrong rule.\n" + allocation
        self.assertEqual(rules_of({"edge/a.cc": other}, "hot"), {"hot"})
        bare = HOT + "// EXCEPTION(hot):\n" + allocation
        self.assertEqual(rules_of({"edge/a.cc": bare}, "hot"), {"hot"})


class CppFunctions(unittest.TestCase):
    def names(self, text):
        return [name for name, _, _ in cpp_functions(Source("edge/a.cc", text))]

    def test_finds_bodies_and_only_bodies(self):
        text = ("namespace a {\nstruct B {\n  B() : x_{1}, y_(2) { go(); }\n  int x_{0};\n"
                "  int get() const { return x_; }\n};\nenum class C { kOne };\n"
                "constexpr int kTable[] = {f(1), 2};\n"
                "void B::run(int x) {\n  if (x) { auto l = [] { return 1; }; }\n}\n}\n")
        self.assertEqual(self.names(text), ["B", "get", "B::run"])

    def test_braces_in_text_do_not_count(self):
        self.assertEqual(self.names("void f() { g(\"}{\"); /* } */ }\nvoid h() { c = '{'; }\n"),
                         ["f", "h"])


class TreeRules(unittest.TestCase):
    def test_dead_header(self):
        header = {"edge/a.h": TOP + "#pragma once\n"}
        user = {"edge/a.cc": TOP + '#include "edge/a.h"\n', "edge/CMakeLists.txt": "x\n"}
        self.assertIn("dead", rules_of(header))
        self.assertNotIn("dead", rules_of(header | user))

    def test_dead_source(self):
        self.assertIn("dead", rules_of({"edge/a.cc": TOP}))
        self.assertNotIn("dead", rules_of({"edge/a.cc": TOP, "edge/CMakeLists.txt": "x\n"}))

    def test_links(self):
        self.assertIn("link", rules_of({"docs/A.md": "[b](B.md)\n"}))
        self.assertNotIn("link", rules_of({"docs/A.md": "[b](../B.md)\n", "B.md": "x\n"}))

    def test_data_path_table(self):
        rows = "| read | `edge/{a,b}.cc` | x |\n"
        files = {"docs/ARCHITECTURE.md": rows, "edge/CMakeLists.txt": "x\n", "edge/a.cc": TOP}
        self.assertIn("data-path", rules_of(files))
        self.assertNotIn("data-path", rules_of(files | {"edge/b.cc": TOP}))


if __name__ == "__main__":
    unittest.main()
