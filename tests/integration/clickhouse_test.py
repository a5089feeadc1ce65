#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clickhouse sink: into Debian's real ClickHouse, while the shipper and the server are killed
with SIGKILL; and into a stand-in that knows repeated inserts by their token, as later ones do, and
that resets, refuses and is overloaded. In the end every line is there exactly once."""

import collections
import itertools
import time

from receivers import Disturbed, dead_letters, fill_spool, make_site, run_once, stuck_reason
from strict_clickhouse import RESET_AFTER, RESET_BEFORE, StrictClickhouse
from support import main_of
from harness.clickhouse import Clickhouse, server_program
from harness.process import Failure, program, run

SINK = """\
name = "out"
kind = "clickhouse"
url = "{url}"
flush_age = "50ms"
flush_rows = {rows}
timeout = "15s"
{extra}
"""
KILLS = 14


def check(is_true, text):
    if not is_true:
        raise Failure(text)


def initialise(site):
    site.shipper_config.write()
    run([program(site.build, "pixel-shipper"), "init", "--config", site.shipper_config.path])


def test_real_server(build, place):
    with Clickhouse(place / "server") as server:
        site = make_site(place, build, SINK.format(url=server.url, rows=5000,
                                                 extra='partition = "day"'))
        initialise(site)

        def between(number):
            if number % 5 == 3:
                server.process.kill()
                server.start(wait=number % 2 == 0)

        Disturbed(site, place).run(KILLS, between)
        server.wait()
        logged = site.count_lines()
        rows, places = server.query("SELECT count(), uniqExact(_segment, _offset) "
                                    "FROM default.requests").split()
        check(int(rows) == int(places) == logged > 0,
              f"{logged} lines were logged; ClickHouse has {rows} rows of {places} places")
        check(site.sql("out", "select count() from requests where cs_method = 'GET'") ==
              [[logged]], "pixel-shipper sql counts otherwise")
        code, report = site.audit()
        check(code == 0, f"the audit says {code}:\n{report}")
        print(f"real server: {logged} lines, {rows} rows after {KILLS} kills")


def test_stand_in(build, place):
    faults = {1: RESET_AFTER, 4: RESET_BEFORE, 6: 252, 8: RESET_AFTER, 10: 241}

    for form, extra, kills in (("row_binary", "concurrency = 3\ngzip = true", 6), ("tsv", "", 0)):
        own = place / form
        own.mkdir()
        with StrictClickhouse() as server:
            site = make_site(own, build, SINK.format(url=server.url, rows=500,
                                                     extra=f'format = "{form}"\n{extra}'))
            initialise(site)
            calls = itertools.count()
            server.script = lambda kind, calls=calls: \
                faults.get(next(calls) % 11) if kind == "insert" else None
            if kills:
                Disturbed(site, own, rate=1000).run(kills)
            else:
                fill_spool(site, 2500)
                run_once(site)
            check_stand_in(site, server, form)


def check_stand_in(site, server, form):
    logged = site.count_lines()
    check(not server.violations, f"{server.violations[:3]}")
    counts = collections.Counter((row["_segment"], row["_offset"])
                                 for row in server.tables["requests"].rows)
    check(len(counts) == sum(counts.values()) == logged > 0,
          f"{logged} lines, {sum(counts.values())} rows of {len(counts)} places ({form})")
    ids = collections.Counter(row["id"] for row in server.tables["requests"].rows)
    check(max(ids.values()) == 1, "a request's number came twice")
    check(server.repeated > 0, "no insert was repeated: the test is too tame")
    print(f"stand-in, {form}: {logged} rows, {server.inserts} inserts of which "
          f"{server.repeated} were repeated; {server.faults}")


def test_refusals(build, place):
    """A row that breaks a constraint becomes a dead letter, alone; a table that is gone is told."""
    with StrictClickhouse() as server:
        site = make_site(place, build, SINK.format(url=server.url, rows=500, extra=""))
        initialise(site)
        server.refuses = lambda row: "no 77 here" if row["id"] == "77" else None
        fill_spool(site, 300)
        run_once(site)
        ids = sorted(int(row["id"]) for row in server.tables["requests"].rows)
        check(ids == [number for number in range(300) if number != 77], f"{len(ids)} rows of 299")
        letters = dead_letters(site)
        check(len(letters) == 1 and "no 77 here" in letters[0]["reason"], f"{letters}")
        server.tables.clear()
        site.shipper_config.sink = site.shipper_config.sink.replace('"out"', '"other"')
        said = stuck_reason(site)
        check("pixel-shipper init" in said, f"a missing table is not told: {said}")


def test(build, place):
    parts = [test_stand_in, test_refusals]
    if server_program() is None:
        print("clickhouse-server is not installed: the stand-in alone is tested")
    else:
        parts.append(test_real_server)
    for part in parts:
        own = place / part.__name__
        own.mkdir()
        started = time.monotonic()
        part(build, own)
        print(f"{part.__name__}: {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main_of(test, needs_site=False)
