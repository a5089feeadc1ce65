# SPDX-License-Identifier: Apache-2.0
"""What the crash test found: the client's ids against the rows of each sink."""

import dataclasses

from destinations.base import Expectation

SHOWN = 20


@dataclasses.dataclass
class Counts:
    lost: int = 0
    duplicated: int = 0
    torn: int = 0
    faults: list = dataclasses.field(default_factory=list)

    def is_clean(self):
        return not (self.lost or self.duplicated or self.torn or self.faults)

    def note(self, text, values=()):
        shown = ", ".join(str(value) for value in list(values)[:SHOWN])
        more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
        self.faults.append(text + (f": {shown}{more}" if values else ""))


def judge(site, sinks, ids_file, seed, user_agent, kills):
    """Reads every sink; no program of ours runs any more."""
    counts = Counts()
    received = [int(line) for line in ids_file.read_text(encoding="ascii").split()]
    if not received:
        counts.note("no answer was received at all: nothing was tested")
    expected = set(received)
    if len(expected) != len(received):
        counts.note("the client received answers to one number twice")
    expectation = Expectation(seed, user_agent)
    for sink in sinks:
        judge_sink(counts, site, sink, expected, expectation, kills)
    judge_dead_letters(counts, site)
    judge_log(counts, site, all(sink.name in AUDITED for sink in sinks))
    return counts


# Sinks that can say what they hold of each segment, and hold nothing twice.
AUDITED = ("duckdb", "lake", "file", "postgres", "s3", "clickhouse")


def judge_sink(counts, site, sink, expected, expectation, kills):
    found = sink.find(site, expectation)
    stored = set(found.ids)
    missing = sorted(expected - stored)
    counts.lost += len(missing)
    if missing:
        counts.note(f"{sink.name}: lost", missing)
    twice = len(found.ids) - len(stored)
    allowed = sink.in_flight_max() * kills
    if twice > allowed:
        counts.duplicated += twice - allowed
        counts.note(f"{sink.name}: {twice} ids twice, {allowed} allowed")
    if found.places_twice and sink.is_exactly_once:
        counts.duplicated += found.places_twice
        counts.note(f"{sink.name}: {found.places_twice} places of the log twice")
    if found.wrong:
        counts.torn += found.wrong
        counts.note(f"{sink.name}: {found.wrong} rows are not what was sent; one: {found.example}")
    print(f"{sink.name}: {len(found.ids)} rows for {len(expected)} answers received"
          + ("" if sink.is_exactly_once else f", {twice} of them again"), flush=True)


def judge_dead_letters(counts, site):
    for path in site.dead_letters():
        lines = [line for line in path.read_text(errors="replace").splitlines() if line]
        if lines:
            counts.torn += len(lines)
            counts.note(f"{path}: {len(lines)} dead letters, the first: {lines[0][:300]}")


def judge_log(counts, site, with_sinks):
    """Sequences, manifests, answers and, where the sinks can tell, holdings must add up too."""
    code, text = site.audit(with_sinks=with_sinks)
    if code != 0:
        counts.note(f"pixel-log audit: exit {code}\n{text.strip()}")
