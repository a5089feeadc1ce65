# SPDX-License-Identifier: Apache-2.0
"""Files as the rules see them: text, lines, C++ code without comments and strings, and the
exceptions a file claims with `EXCEPTION(rule): reason`."""

import dataclasses
import functools
import pathlib
import re
import subprocess

CPP_SUFFIXES = (".h", ".cc")
EXCEPTION_PATTERN = re.compile(r"(?://|#)\s*EXCEPTION\(([a-z-]+)\):\s*(\S.*)")
HEADER_LINES = 12  # Where a file says what it is: licence, purpose, HOT.


@dataclasses.dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


class Source:
    """One file. `path` is relative to the root, with slashes."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.splitlines()

    @property
    def suffix(self):
        return pathlib.PurePosixPath(self.path).suffix

    @functools.cached_property
    def language(self):
        """cpp, python, bash, cmake, markdown or other."""
        by_suffix = {".h": "cpp", ".cc": "cpp", ".py": "python", ".cmake": "cmake",
                     ".md": "markdown", ".sh": "bash"}
        if self.path.endswith("CMakeLists.txt"):
            return "cmake"
        if self.suffix in by_suffix:
            return by_suffix[self.suffix]
        first = self.lines[0] if self.lines else ""
        if first.startswith("#!"):
            return "python" if "python" in first else "bash"
        return "other"

    @functools.cached_property
    def code(self):
        """C++ text of the same shape with comments, strings and characters blanked."""
        return blank_cpp(self.text)

    @functools.cached_property
    def code_lines(self):
        return self.code.splitlines()

    @functools.cached_property
    def exceptions(self):
        """[(line, rule, reason)]; the line below (and its own) are excused from that rule."""
        found = []
        for number, line in enumerate(self.lines, 1):
            match = EXCEPTION_PATTERN.search(line)
            if match:
                found.append((number, match.group(1), match.group(2)))
        return found

    def excuses(self, finding):
        """In the file's first lines an exception covers the file, elsewhere two lines."""
        return any(rule == finding.rule and
                   (number <= HEADER_LINES or finding.line in (number, number + 1))
                   for number, rule, _ in self.exceptions)

    def says(self, word):
        return any(re.search(rf"\b{word}\b", line) for line in self.lines[:HEADER_LINES])

    def finding(self, line, rule, message):
        return Finding(self.path, line, rule, message)


CPP_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.S)


def blank_cpp(text):
    """Comments, strings and character literals become blanks; newlines stay where they are. The
    file names of #include lines stay readable."""
    def blank(match):
        piece = match.group(0)
        line_start = text.rfind("\n", 0, match.start()) + 1
        if piece.startswith('"') and text[line_start:match.start()].strip() == "#include":
            return piece
        return re.sub(r"[^\n]", " ", piece)
    return CPP_TOKEN.sub(blank, text)


def list_paths(root):
    """Tracked files and new ones that are not ignored; without git, everything but build/."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode == 0:
        names = [name for name in result.stdout.decode().split("\0") if name]
        return sorted({name for name in names if (root / name).is_file()})
    return sorted(str(path.relative_to(root)) for path in root.rglob("*")
                  if path.is_file() and path.relative_to(root).parts[0] not in ("build", ".git"))


def is_data(path):
    """Files whose bytes are test input: nothing in them is ours to style."""
    return (path.startswith(("tests/fuzz/corpus/", "tests/golden/")) or "/golden/" in path or
            "/testdata/" in path or path.endswith((".tsv", ".gz", ".seg", ".parquet", ".gif")))


def load_tree(root):
    """All text files that are not data."""
    tree = []
    for path in list_paths(root):
        if is_data(path):
            continue
        try:
            tree.append(Source(path, (root / path).read_text(encoding="utf-8")))
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return tree
