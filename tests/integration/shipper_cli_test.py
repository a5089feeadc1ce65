#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pixel-shipper's commands with real processes: beside a running shipper and without one, on bad
days (a second shipper, no rights, a full disk, a killed one), with exit codes and JSON."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

from support import get, main_of
from harness.edge import EdgeConfig, start_edge
from harness.process import Failure, Process, program, run, wait_until
from harness.shipper import ShipperConfig, make_shipper
from support import send

LINES = 400


class Site:
    """An edge that has logged some lines and is gone, and a shipper's settings."""

    def __init__(self, place, build):
        self.place = pathlib.Path(place)
        self.place.mkdir()
        self.build = build
        self.edge_config = EdgeConfig(self.place, segment_bytes="1MiB")
        self.config = ShipperConfig(self.place, self.edge_config.spool, integers=("n",))
        self.config.write()

    def log_lines(self, count=LINES, bad=0):
        edge = start_edge(self.build, self.edge_config)
        for number in range(count):
            value = "x" if number < bad else number
            assert send(self.edge_config.port, get(f"/p.gif?a={number}&n={value}"))
        assert edge.stop() == 0
        return self

    def command(self, *words, check=None, **options):
        done = run([program(self.build, "pixel-shipper"), *words, "--config", self.config.path],
                   check=False, seconds=60, **options)
        if check is not None and done.returncode != check:
            raise Failure(f"{' '.join(map(str, words))}: exit {done.returncode}, not {check}:\n"
                          f"{done.stdout}{done.stderr}")
        return done

    def json(self, *words, check=0):
        return json.loads(self.command(*words, "--json", check=check).stdout)

    def start(self):
        shipper = make_shipper(self.build, self.config).start()
        shipper.wait_for_port(self.config.admin_port)
        return shipper

    def is_drained(self):
        status = json.loads(self.command("status", "--json").stdout)
        return "sinks" in status and all(sink["pending"] == 0 for sink in status["sinks"])

    def count(self):
        text = "select count(*) from requests"
        return {sink: self.json("sql", "--sink", sink, text)["rows"][0][0]
                for sink in ("duckdb", "lake")}


def check_usage(build, place):
    site = Site(place / "usage", build)
    shipper = program(build, "pixel-shipper")
    for words in (["--nonsense"], ["nonsense"], ["replay"], ["sql"], ["dlq"], ["dlq", "replay"],
                  ["completion", "csh"], ["replay", "--sink", "lake", "--from", "yesterday"],
                  ["journal", "discard"], ["backfill", "--sink", "lake"]):
        done = run([shipper, *words], check=False)
        assert done.returncode == 2, f"{words}: {done.returncode} {done.stderr}"
        assert done.stderr, words
    for words in (["status"], ["replay"], ["dlq"], ["dlq", "list"], ["journal", "show"], ["audit"]):
        text = run([shipper, *words, "--help"]).stdout
        assert "pixel-shipper" in text, words
    done = site.command("explain", "--sink", "nobody", check=2)
    assert "there are duckdb, lake" in done.stderr, done.stderr
    done = site.command("replay", "--sink", "lake", "--segment", "x", check=2)
    assert "names no segment" in done.stderr, done.stderr


def check_settings(build, place):
    """check, explain, init, test: nothing is opened, nothing is made."""
    site = Site(place / "settings", build)
    assert site.json("check")["fine"]
    told = site.json("explain")["sinks"]
    assert [sink["exactly_once"] for sink in told] == [True, True], told
    screen = site.command("explain", check=0).stdout
    assert "exactly once, because" in screen and "breaks if" in screen, screen
    assert site.json("init", "--dry-run")["fine"]
    assert site.json("test")["failed"] == 0
    assert not site.config.state.exists(), "a command that only tells has made files"
    reached = site.json("check", "--reach", check=1)  # There is no spool yet.
    assert [one["where"] for one in reached["reach"] if not one["fine"]] == ["spool.path"], reached
    site.edge_config.spool.mkdir()
    assert site.json("check", "--reach")["fine"]
    site.config.path.write_text("[spool]\npath = 1\n[[sink]]\nname = \"X\"\n", encoding="utf-8")
    errors = site.json("check", check=2)["errors"]
    assert len(errors) == 3, errors


def check_looking(build, place):
    """status, audit, replay, dlq: without a shipper, then beside a running one."""
    site = Site(place / "looking", build).log_lines(bad=3)
    waiting = site.json("status", check=1)
    assert waiting["verdict"] == "late" and not waiting["running"], waiting
    site.command("run", "--once", check=0)
    assert site.json("status")["verdict"] == "fine"
    look_and_mend(site)
    shipper = site.start()
    try:
        wait_until(site.is_drained, 20, "all is delivered")
        assert site.json("status")["running"]
        look_and_mend(site)
    finally:
        assert shipper.stop() == 0
    assert site.command("audit", check=0).stdout.endswith("where it belongs\n")


def look_and_mend(site):
    """Everything is as it should be, whoever answers."""
    assert site.count() == {"duckdb": LINES - 3, "lake": LINES - 3}
    audit = site.json("audit")
    assert audit["fine"], audit
    assert [sink["dead_lettered"] for sink in audit["sinks"]] == [3, 3], audit
    for sink in ("duckdb", "lake"):
        replayed = site.json("replay", "--sink", sink)
        assert replayed["lines"] == LINES and replayed["restored"] == 0, replayed
        old = site.json("replay", "--sink", sink, "--to", "2001-01-01")
        assert old["lines"] == 0, old
        recent = site.json("replay", "--sink", sink, "--from", "2h")
        assert recent["lines"] == LINES, recent
    assert site.count() == {"duckdb": LINES - 3, "lake": LINES - 3}
    letters = site.json("dlq", "list", "--sink", "duckdb")["letters"]
    assert len(letters) == 3 and "n: not an integer" in letters[0]["reason"], letters
    shown = site.command("dlq", "show", "--sink", "duckdb", "--segment", letters[0]["segment"],
                         "--offset", str(letters[0]["offset"]), check=0).stdout
    assert "n=x" in shown, shown
    stay = site.json("dlq", "replay", "--sink", "duckdb", check=1)
    assert stay["dead_lettered"] == 3, stay


def check_mending(build, place):
    """Rows lost by hand come back; dead letters become rows once the settings fit."""
    site = Site(place / "mending", build)
    for bad in (2, 0):  # Two batches.
        site.log_lines(LINES // 2, bad)
        site.command("run", "--once", check=0)
    sorted(site.config.lake.rglob("*.parquet"), key=lambda path: path.name)[0].unlink()
    broken = site.json("audit", "--sink", "lake", check=1)["sinks"][0]
    assert broken["missing"] > 0 and broken["findings"], broken
    assert "MISSING" in site.command("audit", check=1).stdout
    repaired = site.command("audit", "--sink", "lake", "--repair", check=0).stdout
    assert "repair: sink lake" in repaired and "balanced" in repaired, repaired
    text = site.config.path.read_text(encoding="utf-8")
    site.config.path.write_text(text.replace('type = "integer"\n',
                                             'type = "integer"\non_error = "null"\n'),
                                encoding="utf-8")
    assert site.json("dlq", "replay", "--sink", "duckdb")["rows"] == 2
    assert site.json("dlq", "list", "--sink", "duckdb")["letters"] == []
    assert site.count() == {"duckdb": LINES, "lake": LINES - 2}
    assert site.json("audit")["fine"]
    status = site.json("status")
    assert [sink["dead_lettered"] for sink in status["sinks"]] == [0, 2], status


def check_loss(build, place):
    """A segment whose data is deleted before the sinks had it: LOST, until somebody accepts it."""
    site = Site(place / "loss", build).log_lines()
    accept = ("audit", "--sink", "lake", "--accept-loss", "the disk died")
    assert site.json(*accept) == {"sink": "lake", "accepted": 0}
    for data in (site.edge_config.spool / "sealed").glob("*.log"):
        data.unlink()
    site.command("run", "--once", check=0)
    lost = site.json("status", check=1)
    assert lost["verdict"] == "lost" and lost["sinks"][1]["missing"] == LINES, lost
    assert "--accept-loss" in lost["sinks"][1]["problems"][0]["next"], lost
    site.command("audit", "--accept-loss", "of which sink?", check=2)
    assert site.json(*accept) == {"sink": "lake", "accepted": LINES}
    known = site.json("status", check=1)["sinks"]
    assert [sink["verdict"] for sink in known] == ["lost", "fine"], known
    assert [sink["missing_accepted"] for sink in known] == [0, LINES], known
    shipper = site.start()
    try:
        wait_until(lambda: site.command("status").stdout.startswith("LOST"), 20, "it is open")
        site.command("audit", "--sink", "duckdb", "--accept-loss", "it, too", check=0)
        said = site.command("status", check=0).stdout
        assert said.startswith("fine") and "the disk died" in said, said
    finally:
        assert shipper.stop() == 0


def check_second_and_killed(build, place):
    site = Site(place / "second", build).log_lines()
    shipper = site.start()
    try:
        again = site.command("run", "--once", check=1)
        assert f"pid {shipper.pid}" in again.stderr, again.stderr
        refused = site.command("journal", "discard", "--sink", "lake", check=1)
        assert f"pid {shipper.pid}" in refused.stderr, refused.stderr
        wait_until(site.is_drained, 20, "all is delivered")
    finally:
        shipper.kill()
    status = site.json("status")
    assert not status["running"] and status["verdict"] == "fine", status
    assert site.json("audit")["fine"]


def check_stopped_by_signal(build, place):
    """A shipper that hangs (SIGSTOP) is not taken for one that is not there."""
    site = Site(place / "stopped", build)
    site.edge_config.spool.mkdir()
    shipper = site.start()
    try:
        os.kill(shipper.pid, subprocess.signal.SIGSTOP)
        done = site.command("journal", "discard", "--sink", "lake", check=1)
        assert f"pid {shipper.pid}" in done.stderr, done.stderr
    finally:
        os.kill(shipper.pid, subprocess.signal.SIGCONT)
        assert shipper.stop() == 0


def check_no_rights(build, place):
    """As a user who may not write: says which folder, and ends with 1."""
    if os.geteuid() != 0:
        return
    site = Site(place / "rights", build)
    site.edge_config.spool.mkdir()
    os.chmod(place, 0o755)
    os.chmod(site.place, 0o755)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    # Where that user may read it, with the library that lies beside it.
    copy = site.place / "pixel-shipper"
    for name in ("pixel-shipper", "libduckdb.so"):
        shutil.copy(pathlib.Path(build) / "bin" / name, site.place / name)
    for words in (["check", "--reach"], ["run", "--once"], ["status"]):
        done = run([copy, *words, "--config", site.config.path], check=False, **nobody)
        said = done.stdout + done.stderr
        assert done.returncode == 1, f"{words}: {done.returncode} {said}"
        assert "Permission denied" in said and str(site.place) in said, f"{words}: {said}"


def check_full_disk(build, place):
    """The disk of state and sink is full: no exit, nothing lost, and on it goes with room again."""
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        print("cannot mount a tmpfs: the full disk is not tested")
        return
    try:
        full_disk(build, place, disk)
    finally:
        subprocess.run(["umount", disk], check=False)


def delivered(site):
    return json.loads(site.command("status", "--json").stdout)["sinks"][0]["delivered"]


def full_disk(build, place, disk):
    site = Site(place / "full", build)
    site.config.path.write_text(
        f'[spool]\npath = "{site.edge_config.spool}"\n[state]\npath = "{disk}/state"\n'
        f'[admin]\nlisten = "127.0.0.1:{site.config.admin_port}"\n[[sink]]\nname = "lines"\n'
        f'kind = "file"\npath = "{disk}/out"\nretry_cap = "100ms"\n', encoding="utf-8")
    shipper = Process("pixel-shipper", [program(build, "pixel-shipper"), "run", "--config",
                                        site.config.path], site.place / "log").start()
    shipper.wait_for_port(site.config.admin_port)
    filler = disk / "filler"
    try:
        wait_until(lambda: site.json("status")["sinks"][0]["state"] == "running", 20, "it runs")
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        site.log_lines(100)
        wait_until(lambda: "No space left" in site.command("status").stdout, 20, "it says why")
        assert shipper.runs(), shipper.last_words()
        filler.unlink()
        wait_until(site.is_drained, 20, "well again")
        status = site.json("status")["sinks"][0]
        assert status["delivered"] == 100 and status["residue"] == 0, status
    finally:
        assert shipper.stop() == 0


def check_completion(build, place):
    shells = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}
    for shell, checker in shells.items():
        script = place / f"completion.{shell}"
        script.write_text(run([program(build, "pixel-shipper"), "completion", shell]).stdout,
                          encoding="utf-8")
        if shutil.which(checker[0]):
            run([*checker, script])
        else:
            print(f"no {shell} here: its script is not checked")
    check_bash_completes(place)
    if shutil.which("fish"):
        check_fish_completes(place)
    if shutil.which("zsh"):
        check_zsh_completes(place)


def check_bash_completes(place):
    ask = (f'source {place}/completion.bash; COMP_WORDS=(pixel-shipper {{}}); '
           'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pixel_shipper; echo "${COMPREPLY[*]}"')

    def complete(words):
        return run(["bash", "-c", ask.replace("{}", words)]).stdout.split()

    assert complete("rep") == ["replay"]
    assert {"status", "audit", "dlq"} <= set(complete("''"))
    assert complete("replay --fr") == ["--from"]
    assert complete("dlq re") == ["replay"]
    assert "--sink" in complete("dlq replay --")
    assert "--config" in complete("status --")


def check_fish_completes(place):
    def complete(line):
        said = run(["fish", "--no-config", "-c", f"source {place}/completion.fish; "
                    f"complete -C '{line}'"]).stdout
        return [word.partition("\t")[0] for word in said.splitlines()]

    assert complete("pixel-shipper rep") == ["replay"]
    assert {"status", "audit", "dlq"} <= set(complete("pixel-shipper "))
    assert complete("pixel-shipper replay --fr") == ["--from"]
    assert complete("pixel-shipper dlq re") == ["replay"]
    assert complete("pixel-shipper dlq replay --fr") == []


def check_zsh_completes(place):
    """The function with zsh's own helpers replaced: they work only while somebody types."""
    setup = ("compdef() { print -r -- \"compdef $*\" }; _files() { print FILES }; "
             "_describe() { print -rl -- \"${(@P)2}\" }; "
             f"source {place}/completion.zsh; ")

    def complete(*words):
        call = f"words=(pixel-shipper {' '.join(words)} ''); CURRENT={len(words) + 2}; "
        said = run(["zsh", "-f", "-c", setup + call + "_pixel_shipper"]).stdout.splitlines()
        assert said[0] == "compdef _pixel_shipper pixel-shipper", said
        return {word.partition(":")[0] for word in said[1:]}

    assert {"status", "audit", "dlq", "--config"} <= complete()
    assert "--from" in complete("replay") and "status" not in complete("replay")
    assert {"list", "show", "replay"} <= complete("dlq")
    assert "--from" not in complete("dlq", "replay")
    assert complete("status", "--config") == {"FILES"}


def test(build, place):
    for check in (check_usage, check_settings, check_looking, check_mending,
                  check_loss, check_second_and_killed, check_stopped_by_signal, check_no_rights,
                  check_full_disk, check_completion):
        print(check.__name__, flush=True)
        check(build, place)


if __name__ == "__main__":
    main_of(test, needs_site=False)
