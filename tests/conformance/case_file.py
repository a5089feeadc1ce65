# SPDX-License-Identifier: Apache-2.0
"""Reads the cases of one group.

A case is three parts, in a text file that a person can read:

    -- its name | RFC 9112 section 6.3
    POST /1x1.gif HTTP/1.1
    Host: h
    Content-Length: 5

    hello\\
    = MUST 2xx open
    = OURS 204 open

The lines between `--` and `=` are the request, each with CRLF behind it unless it ends in a
backslash. Escapes: \\r \\n \\t \\0 \\s (space) \\xHH \\\\, and \\<3*text> for text three times. A
line `~` is a pause, until the server has said something or a moment has gone.

MUST is what the RFC demands of every server; OURS is what pixel-edge chooses among what the RFC
allows. An expectation is the statuses of the responses in order (204, 2xx, 400|408) and what
becomes of the connection: open, close, any (open or close), wait (the server waits for more bytes).
Further ways are behind ` / `. HAS and LACKS say which headers the last response must have
(`Allow: .*GET`, a pattern for the whole value) or not have."""

import dataclasses
import pathlib
import re

ENDS = ("open", "close", "any", "wait")
ESCAPE = re.compile(r"\\(r|n|t|0|s|\\|x[0-9a-fA-F]{2}|<(\d+)\*([^>]*)>)")
PLAIN = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "s": " ", "\\": "\\"}
METHOD = re.compile(rb"(?:\A|\r\n)([!-~]+) [^\r\n]* HTTP/\d\.\d\r\n")


class BadCase(Exception):
    """A file that does not follow the rules above."""


@dataclasses.dataclass
class Way:
    """One acceptable course: status patterns in order and the end."""
    statuses: list
    end: str

    def fits(self, statuses, end):
        if len(statuses) != len(self.statuses):
            return False
        ends = ("open", "close") if self.end == "any" else (self.end,)
        return end in ends and all(fits_status(pattern, status)
                                   for pattern, status in zip(self.statuses, statuses))

    def __str__(self):
        return " ".join([*self.statuses, self.end])


@dataclasses.dataclass
class Case:
    group: str
    name: str
    rfc: str
    line: int
    steps: list = dataclasses.field(default_factory=lambda: [b""])
    must: list = dataclasses.field(default_factory=list)
    ours: list = dataclasses.field(default_factory=list)
    has: list = dataclasses.field(default_factory=list)
    lacks: list = dataclasses.field(default_factory=list)

    @property
    def methods(self):
        """Of the requests in order: a response to HEAD has no body."""
        return [method.decode() for method in METHOD.findall(b"".join(self.steps))]

    @property
    def ways(self):
        return self.must + self.ours

    @property
    def responses_max(self):
        """How many responses are worth waiting for: ours, where we know, else the most."""
        return max(len(way.statuses) for way in self.ours or self.must)


def fits_status(pattern, status):
    return any(len(one) == 3 and all(a in ("x", b) for a, b in zip(one, str(status)))
               for one in pattern.split("|"))


def unescape(text):
    def one(match):
        code, times, repeated = match.groups()
        if times:
            return int(times) * unescape_text(repeated)
        return chr(int(code[1:], 16)) if code[0] == "x" else PLAIN[code]
    return ESCAPE.sub(one, text)


def unescape_text(text):
    """Of a repeated text, which may hold escapes but no repetition."""
    return ESCAPE.sub(lambda match: chr(int(match[1][1:], 16)) if match[1][0] == "x"
                      else PLAIN[match[1]], text)


def parse_ways(text):
    ways = []
    for part in text.split(" / "):
        *statuses, end = part.split()
        if end not in ENDS:
            raise BadCase(f"'{end}' is none of {', '.join(ENDS)}")
        for pattern in statuses:
            if not re.fullmatch(r"[1-5x][0-9x]{2}(\|[1-5x][0-9x]{2})*", pattern):
                raise BadCase(f"'{pattern}' is no status")
        ways.append(Way(statuses, end))
    return ways


def take_expectation(case, line):
    kind, _, rest = line[2:].partition(" ")
    if kind == "MUST":
        case.must += parse_ways(rest)
    elif kind == "OURS":
        case.ours += parse_ways(rest)
    elif kind in ("HAS", "LACKS"):
        (case.has if kind == "HAS" else case.lacks).append(rest)
    else:
        raise BadCase(f"'{kind}' is none of MUST, OURS, HAS, LACKS")


def take_bytes(case, line):
    if line == "~":
        case.steps.append(b"")
        return
    joined = re.search(r"(?<!\\)(\\\\)*\\$", line) is not None
    text = unescape(line[:-1]) if joined else unescape(line) + "\r\n"
    case.steps[-1] += text.encode("latin-1")


def read_cases(path):
    """The cases of one file, in order. The group is the file's name without its number."""
    cases, case, expects = [], None, False
    for number, line in enumerate(pathlib.Path(path).read_text("ascii").splitlines(), 1):
        try:
            if line.startswith("-- "):
                name, _, rfc = line[3:].partition(" | ")
                case, expects = Case(path.stem, name.strip(), rfc.strip(), number), False
                cases.append(case)
            elif case and line.startswith("= "):
                expects = True
                take_expectation(case, line)
            elif case and not expects:
                take_bytes(case, line)
            elif line and not line.startswith("#"):
                raise BadCase("text between two cases")
        except BadCase as bad:
            raise BadCase(f"{path}:{number}: {bad}") from None
    check_cases(path, cases)
    return cases


def check_cases(path, cases):
    names = set()
    for case in cases:
        if not case.ways or not case.rfc:
            raise BadCase(f"{path}:{case.line}: a case without expectation, or without RFC")
        if case.name in names:
            raise BadCase(f"{path}:{case.line}: a second case named '{case.name}'")
        names.add(case.name)
