# SPDX-License-Identifier: Apache-2.0
"""Rules about characters, words and file headers, for every file of ours."""

import re

COLUMNS_MAX = 100
# Assembled here so that this file does not trip over itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("FIX" + "ME", "TO" + "DO", "X" * 3)) + r")\b")
FOREIGN_PLACES = re.compile("|".join((
    r"/(?:" + "wo" + r"rk)/", r"registry\." + r"npmjs", r"/ho" + r"me/\w", r"/ro" + r"ot/",
    r"artifact" + r"ory", r"\.intern" + r"al\b", r"pypi" + r"\.org")))


def check_characters(source):
    """Tabs, trailing space, long lines, anything that is not ASCII."""
    if source.path == "LICENSE":
        return
    in_table = False
    for number, line in enumerate(source.lines, 1):
        if "// clang-format o" in line:  # Tables of test cases keep one case per line.
            in_table = "off" in line
        if "\t" in line and source.language != "other":
            yield source.finding(number, "tab", "a tab; indent with spaces, write \\t in text")
        if line != line.rstrip():
            yield source.finding(number, "space", "space at the end of the line")
        if len(line) > COLUMNS_MAX and not in_table and may_wrap(source, line):
            yield source.finding(number, "columns",
                                 f"{len(line)} columns; {COLUMNS_MAX} is the limit")
        if not line.isascii() and source.language != "markdown":
            yield source.finding(number, "ascii", "a character that is not ASCII; use an escape")


def may_wrap(source, line):
    """Tables, links and fenced text cannot wrap in Markdown; JSON and plain data nowhere."""
    if source.language == "markdown":
        return False
    return source.language != "other" and "http" not in line


def check_words(source):
    """Unfinished work and places of one machine have no home in the tree."""
    if source.path == "LICENSE":
        return
    for number, line in enumerate(source.lines, 1):
        match = UNFINISHED.search(line)
        if match:
            yield source.finding(number, "unfinished",
                                 f"{match.group(0)}: finish it, or say in the docs what is open")
        match = FOREIGN_PLACES.search(line)
        if match:
            yield source.finding(number, "place",
                                 f"'{match.group(0)}' names one machine or registry; say it "
                                 "by package name, or relative to the tree")


def check_using_namespace(source):
    """A name comes from where the reader can see it."""
    if source.language != "cpp":
        return
    for number, line in enumerate(source.code_lines, 1):
        if re.search(r"\busing\s+namespace\b(?!\s+std::(?:\w+::)*\w*literals)", line):
            yield source.finding(number, "using-namespace",
                                 "name what is used: `using x::Name;` or the full name")


def check_header(source):
    """Licence in the first two lines, then what the file is for; #pragma once in headers."""
    if source.language in ("markdown", "other") or not source.text.strip():
        return
    top = source.lines[:3]
    if source.language != "cmake" and not any("SPDX-License-Identifier: Apache-2.0" in line
                                              for line in top):
        yield source.finding(1, "spdx", "the first line names the licence: "
                             "SPDX-License-Identifier: Apache-2.0")
    named_after_subject = source.path.endswith("_test.cc")
    if source.language == "cpp" and not named_after_subject and not has_purpose(source):
        yield source.finding(2, "header", "say in a comment below the licence what the file does")
    if source.path.endswith(".h") and "#pragma once" not in source.text:
        yield source.finding(1, "header", "a header begins with #pragma once")


def has_purpose(source):
    comments = [line for line in source.lines[1:6] if line.startswith("//")]
    return any(len(line) > 12 for line in comments)


def check_exceptions(source):
    """An exception from a rule that does not exist excuses nothing."""
    for number, rule, _ in source.exceptions:
        if rule not in RULE_NAMES:
            yield source.finding(number, "exception", f"no rule is named '{rule}'; there are " +
                                 ", ".join(sorted(RULE_NAMES)))


RULE_NAMES = {"tab", "space", "columns", "ascii", "unfinished", "place", "using-namespace", "spdx",
              "header", "include", "hot", "file-size", "function-size", "dead"}
RULES = (check_exceptions, check_characters, check_words, check_using_namespace,
         check_header)
