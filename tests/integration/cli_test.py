#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every program: --help and --version end with 0, a wrong flag with 2; a bad configuration with 2,
all of its errors at once, each with line and key, and nothing is started."""

from support import main_of
from harness.process import program, run

PROGRAMS = ("pixel-edge", "pixel-shipper", "pixel-load", "pixel-log")

BAD_EDGE = """\
[server]
listen = ["127.0.0.1:notaport"]
workerz = 2

[spool]
segment_bytes = "64 parsecs"
"""
BAD_SHIPPER = """\
[spool]
pth = "/nowhere"

[[sink]]
name = "Wrong Name"
kind = "carrier-pigeon"
"""


def check_flags(build, name):
    path = program(build, name)
    text = run([path, "--help"]).stdout
    assert name in text and "--version" in text, f"{name} --help: {text}"
    version = run([path, "--version"]).stdout.strip()
    assert version.startswith(name + " ") and version[-1].isdigit(), version
    wrong = run([path, "--no-such-flag"], check=False)
    assert wrong.returncode == 2, f"{name} --no-such-flag: exit {wrong.returncode}"


def check_bad_config(build, place, name, arguments, text, expected):
    path = place / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    done = run([program(build, name), "--config", path, *arguments], check=False, seconds=20)
    said = done.stdout + done.stderr
    assert done.returncode == 2, f"{name}: exit {done.returncode}: {said}"
    for part in expected:
        assert part in said, f"{name} does not say '{part}':\n{said}"


def test(build, place):
    for name in PROGRAMS:
        check_flags(build, name)
    edge = (f"{place}/pixel-edge.toml:2:", "server.listen", "pixel-edge.toml:3:", "workers",
            "pixel-edge.toml:6:", "spool.segment_bytes")
    check_bad_config(build, place, "pixel-edge", ["--check"], BAD_EDGE, edge)
    check_bad_config(build, place, "pixel-edge", [], BAD_EDGE, edge)
    shipper = (f"{place}/pixel-shipper.toml:2:", "path", "pixel-shipper.toml:5:", "name",
               "pixel-shipper.toml:6:", "kind")
    check_bad_config(build, place, "pixel-shipper", ["check"], BAD_SHIPPER, shipper)
    check_bad_config(build, place, "pixel-shipper", ["run"], BAD_SHIPPER, shipper)
    missing = run([program(build, "pixel-edge"), "--config", place / "none.toml"], check=False)
    assert missing.returncode == 2 and "none.toml" in missing.stderr + missing.stdout


if __name__ == "__main__":
    main_of(test, needs_site=False)
