#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documents are true: every program in a ```console block is in the tree or built, and knows
each option that the documents use, by its own --help; every ```toml block, and both example
files, are configurations that the program takes to which they belong. (sink_examples_test.py runs
them.)"""

import functools
import os
import pathlib
import re
import shlex
import subprocess

from support import ROOT, main_of
from harness.process import program, run

OURS = ("pixel-edge", "pixel-shipper", "pixel-load", "pixel-log")
BLOCK = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
TOML_BLOCK = re.compile(r"^```toml\n(.*?)^```", re.M | re.S)
EDGE_TABLES = ("[server]", "[client]", "[proxy_protocol]", "[[route]]", "[privacy]", "[admin]")
# Programs of the system that documents may use, and their arguments are not ours to check.
SYSTEM = {"curl", "git", "cd", "cmake", "ctest", "ls", "sudo", "cat", "systemctl", "journalctl",
          "goaccess", "kill", "df", "export", "npm", "duckdb", "zcat"}


def documents():
    tracked = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard",
                              "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = tracked.stdout.split() or ["README.md", "docs/OPERATIONS.md"]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def commands(path):
    """Lines of console blocks that begin with the prompt, continuations joined."""
    for block in BLOCK.findall(path.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                yield line[2:]


def split_pipeline(command):
    """The simple commands of a line: what stands between | && || ;"""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if set(word) <= set("|&;"):
            yield words
            words = []
        elif not word.startswith("#"):
            words.append(word)
        else:
            break
    yield words


@functools.lru_cache(maxsize=None)
def help_of(*command):
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, f"{' '.join(command)} --help: exit {done.returncode}"
    return done.stdout


def resolve(name, build):
    """The file a command names, or None for one of the system's."""
    base = pathlib.PurePath(name).name
    if base in OURS:
        return build / "bin" / base
    if "/" in name and not name.startswith("/"):
        return ROOT / name
    assert name in SYSTEM, f"'{name}' is neither ours nor a program of the system we know"
    return None


def check_command(words, build):
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if not words:
        return 0
    program = resolve(words[0], build)
    if words[0] == "sudo":
        return check_command(words[1:], build)
    if program is None:
        return 0
    assert program.exists(), f"{program} does not exist"
    command, arguments = [str(program)], words[1:]
    if program.name in ("pixel-shipper", "pixel-log") and arguments[:1] and arguments[0][0] != "-":
        command.append(arguments.pop(0))
    if command[1:] in (["dlq"], ["journal"]):  # Families of commands.
        command.append(arguments.pop(0))
    text = help_of(*command) + help_of(str(program))  # Options of the program come before too.
    for word in arguments:
        option = word.partition("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", option):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text), \
                f"{' '.join(command)} has no option {option}"
    return 1


def toml_examples(*begins):
    """(document, text) of each ```toml block that begins with one of these tables."""
    return [(path, text) for path in documents()
            for text in TOML_BLOCK.findall(path.read_text(encoding="utf-8"))
            if text.lstrip().startswith(begins)]


def sink_examples():
    return toml_examples("[[sink]]")


def check_sink_examples(build, place):
    """Each [[sink]] block as a configuration of its own."""
    examples = toml_examples("[[sink]]", "[[source]]")
    for path, text in examples:
        if "[[sink]]" not in text:
            text += '[[sink]]\nname = "lines"\nkind = "file"\npath = "/srv/lines"\n'
        config = place / "example.toml"
        config.write_text(text, encoding="utf-8")
        done = run([program(build, "pixel-shipper"), "check", "--config", config], check=False)
        assert done.returncode == 0, f"{path.relative_to(ROOT)}: {done.stdout}{done.stderr}"
    return len(examples)


def check_table_examples(build, place):
    """Each [[table]] block with a sink of its own: it is taken, and its tests pass."""
    examples = toml_examples("[[table]]")
    for path, text in examples:
        config = place / "tables.toml"
        config.write_text(text + '\n[[sink]]\nname = "x"\nkind = "file"\npath = "/x"\n',
                          encoding="utf-8")
        done = run([program(build, "pixel-shipper"), "test", "--config", config], check=False,
                   env=os.environ | {"PIXEL_HASH_KEY": "a key of the docs test"})
        assert done.returncode == 0, f"{path.relative_to(ROOT)}: {done.stdout}{done.stderr}"
    return len(examples)


def check_edge_examples(build, place):
    """Each block of the edge's tables as a configuration of its own."""
    examples = toml_examples(*EDGE_TABLES)
    for path, text in examples:
        config = place / "edge.toml"
        config.write_text(text, encoding="utf-8")
        done = run([program(build, "pixel-edge"), "--config", config, "--check"], check=False)
        assert done.returncode == 0, f"{path.relative_to(ROOT)}: {done.stdout}{done.stderr}"
    return len(examples)


def test(build, place):
    run([program(build, "pixel-edge"), "--config", ROOT / "edge" / "edge.toml", "--check"])
    run([program(build, "pixel-shipper"), "check", "--config", ROOT / "shipper" / "shipper.toml"])
    checked = 0
    for path in documents():
        for command in commands(path):
            for words in split_pipeline(command):
                try:
                    checked += check_command(words, build)
                except AssertionError as error:
                    raise AssertionError(f"{path.relative_to(ROOT)}: `{command}`: "
                                         f"{error}") from None
    examples = check_sink_examples(build, place)
    tables = check_table_examples(build, place)
    edges = check_edge_examples(build, place)
    print(f"{checked} commands, {examples} sinks, {tables} sets of tables and {edges} pieces of an "
          f"edge's configuration in {len(documents())} documents")
    unknown = len(toml_examples("")) - examples - tables - edges
    assert unknown == 0, f"{unknown} ```toml blocks belong to no program that this test knows"
    assert checked >= 5, "the documents' commands were not found"


if __name__ == "__main__":
    main_of(test, needs_site=False)
