# SPDX-License-Identifier: Apache-2.0
"""What the crash test found: the client's ids against the rows of each sink."""

import dataclasses

CHUNK = 200_000
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


def judge(site, ids_file, seed, user_agent):
    """Reads every sink offline; nothing runs any more."""
    counts = Counts()
    received = [int(line) for line in ids_file.read_text(encoding="ascii").split()]
    if not received:
        counts.note("no answer was received at all: nothing was tested")
    expected = set(received)
    if len(expected) != len(received):
        counts.note("the client received answers to one number twice")
    for sink in ("duckdb", "lake"):
        judge_sink(counts, site, sink, expected, seed, user_agent)
    judge_dead_letters(counts, site)
    judge_log(counts, site)
    return counts


def judge_sink(counts, site, sink, expected, seed, user_agent):
    rows = ids_in(site, sink)
    stored = set(rows)
    missing = sorted(expected - stored)
    counts.lost += len(missing)
    if missing:
        counts.note(f"{sink}: lost", missing)
    if len(stored) != len(rows):
        twice = site.sql(sink, "select id from requests group by id having count(*) > 1 limit 50")
        counts.duplicated += len(rows) - len(stored)
        counts.note(f"{sink}: ids twice", [row[0] for row in twice])
    places = site.sql(sink, "select count(*) from (select _segment, _offset from requests "
                      "group by all having count(*) > 1)")[0][0]
    if places:
        counts.duplicated += places
        counts.note(f"{sink}: {places} places of the log twice")
    wrong = site.sql(sink, "select count(*) from requests where id is null or run is distinct from "
                     f"'{seed}' or a is distinct from 'x y' or b is distinct from '2' "
                     f"or cs_user_agent is distinct from '{user_agent}'")[0][0]
    if wrong:
        counts.torn += wrong
        counts.note(f"{sink}: {wrong} rows are not what was sent")
    print(f"{sink}: {len(rows)} rows for {len(expected)} answers received", flush=True)


def ids_in(site, sink):
    """All ids of a sink, each piece as one text: a query's answer has a limit of rows."""
    low, high = site.sql(sink, "select min(id), max(id) from requests")[0]
    if low is None:
        return []
    ids = []
    for begin in range(low, high + 1, CHUNK):
        text = site.sql(sink, "select string_agg(id::varchar, ' ') from requests where "
                        f"id >= {begin} and id < {begin + CHUNK}")[0][0]
        ids += [int(word) for word in (text or "").split()]
    return ids


def judge_dead_letters(counts, site):
    for path in site.dead_letters():
        lines = [line for line in path.read_text(errors="replace").splitlines() if line]
        if lines:
            counts.torn += len(lines)
            counts.note(f"{path}: {len(lines)} dead letters, the first: {lines[0][:300]}")


def judge_log(counts, site):
    """Sequences, manifests, answers and holdings must add up too."""
    code, text = site.audit()
    if code != 0:
        counts.note(f"pixel-log audit: exit {code}\n{text.strip()}")
