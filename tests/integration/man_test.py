#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages tell the truth: each names exactly the options and commands that the program's
own --help has, and groff has nothing to complain about."""

import re
import shutil
import subprocess

from support import ROOT, main_of
from harness.process import program, run

PAGES = ("pixel-edge.8", "pixel-shipper.8", "pixel-log.1", "pixel-load.1")
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


def help_text(*command):
    return run([*command, "--help"]).stdout


def commands_of(text):
    section = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.M)
    return re.findall(r"^  (\w+)", section.group(1), re.M) if section else []


def all_help(*command):
    """The help of a program and of all commands below it."""
    text = help_text(*command)
    return [text, *(inner for name in commands_of(text) for inner in all_help(*command, name))]


def options_in_help(binary):
    """Only what stands at the begin of a line."""
    texts = all_help(binary)
    starts = "\n".join(re.findall(r"^  (-[^ ]*)", "\n".join(texts), re.M))
    return set(OPTION.findall(starts.replace(",", " ").replace("{false}", " ")))


def options_in_page(source):
    text = re.sub(r"^\.\\\".*$", "", source, flags=re.M)
    text = re.sub(r"\\f[BIR]", "", text).replace("\\-", "-").replace('"', " ")
    return set(OPTION.findall(text))


def check_page(build, page):
    name = page.partition(".")[0]
    source = (ROOT / "packaging" / "man" / page).read_text(encoding="utf-8")
    binary = program(build, name)
    theirs, ours = options_in_help(binary), options_in_page(source)
    # A page may speak of another program's options where it says so: pixel-load --ids.
    assert theirs - ours == set(), f"{page} does not name {sorted(theirs - ours)}"
    assert ours - theirs == set(), f"{page} names {sorted(ours - theirs)}, which {name} has not"
    for command in (name for text in all_help(binary) for name in commands_of(text)):
        assert re.search(rf"\b{command}\b", source), f"{page} does not name the command {command}"
    assert f".TH {name.upper()} {page[-1]} " in source


def check_groff(page):
    if shutil.which("groff") is None:
        return
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z",
                           ROOT / "packaging" / "man" / page],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test(build, _place):
    for page in PAGES:
        check_page(build, page)
        check_groff(page)


if __name__ == "__main__":
    main_of(test, needs_site=False)
