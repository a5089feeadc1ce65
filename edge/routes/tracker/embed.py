#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes edge/routes/tracker_script.cc from pixel.js: comments and space taken out, names as they
are (compression makes short ones worth little).

    edge/routes/tracker/embed.py           writes it
    edge/routes/tracker/embed.py --check   exit 1 when it is not what pixel.js gives
    edge/routes/tracker/embed.py --print   shows what is served"""

import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
SOURCE = FOLDER / "pixel.js"
TARGET = FOLDER.parent / "tracker_script.cc"
COLUMNS = 92

TEMPLATE = """\
// SPDX-License-Identifier: Apache-2.0
// The tracker as it is served. Written by edge/routes/tracker/embed.py from pixel.js: change that,
// run it, and commit both. Constants only.
#include "edge/routes/tracker_script.h"

namespace pixel::edge {{

// clang-format off
const std::string_view kTrackerScript =
{lines};
// clang-format on

}}  // namespace pixel::edge
"""

TOKEN = re.compile(r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
  | (?P<word> [\w$]+ )
  | (?P<space> \s+ )
  | (?P<sign> . )
""", re.X | re.S)


def minify(source):
    """Tokens without what lies between them, but for one space between two words."""
    pieces, last_kind = [], ""
    for match in TOKEN.finditer(source):
        kind = match.lastgroup
        if kind in ("comment", "space"):
            continue
        if kind == "word" and last_kind == "word":
            pieces.append(" ")
        pieces.append(match.group())
        last_kind = kind
    return "".join(pieces).replace(";}", "}") + "\n"


def literal(text):
    """C++ string literals that join to the text."""
    lines, line = [], ""
    for character in text:
        piece = {"\n": "\\n", '"': '\\"', "\\": "\\\\"}.get(character, character)
        if len(line) + len(piece) > COLUMNS:
            lines.append(line)
            line = ""
        line += piece
    return "\n".join(f'    "{each}"' for each in [*lines, line])


def main():
    script = minify(SOURCE.read_text(encoding="ascii"))
    wanted = TEMPLATE.format(lines=literal(script))
    if sys.argv[1:] == ["--print"]:
        print(script, end="")
    elif sys.argv[1:] == ["--check"]:
        if TARGET.read_text(encoding="ascii") != wanted:
            sys.exit(f"{TARGET} is not what {SOURCE} gives; run {__file__}")
    else:
        TARGET.write_text(wanted, encoding="ascii")


if __name__ == "__main__":
    main()
