#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pixel-shipper into a real PostgreSQL, under load: the shipper is killed with SIGKILL again and
again, the server crashes, restarts and freezes in between, and in the end every line that was
logged is a row exactly once, by the tables' own words and by the audit."""

import contextlib
import os
import pathlib
import random
import signal
import tempfile
import time

from support import Skip, main_of
from harness.load import BackgroundLoad, run_load
from harness.postgres import Postgres, programs
from harness.process import Failure, process_tree, program, run, wait_until
from harness.shipper import ShipperConfig
from harness.site import Site

KILLS = 20
RATE = 4000
SINK = """\
[[sink]]
name = "pg"
kind = "postgres"
dsn = "{dsn}"
stage = "staging"
flush_age = "50ms"
connect_timeout = "2s"
timeout = "2s"
"""


class PostgresConfig(ShipperConfig):
    """One sink, into this server."""
    dsn = ""

    def write(self):
        super().write()
        text = self.path.read_text(encoding="utf-8")
        self.path.write_text(text[:text.index("[[sink]]")] + SINK.format(dsn=self.dsn),
                             encoding="utf-8")
        return self


def make_site(place, build, server):
    site = Site(place, build)
    site.edge_config.segment_bytes = "1MiB"
    site.edge_config.segment_age = "1s"
    site.shipper_config = PostgresConfig(place, site.edge_config.spool)
    site.shipper_config.dsn = server.dsn
    return site


def freeze(server, seconds):
    """Every process of the server stops, as on a machine that hangs."""
    pids = process_tree(server.child.pid)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def count(server):
    """(rows, different places) as PostgreSQL counts them."""
    rows, places = server.psql("select count(*), count(distinct (_segment, _offset)) "
                               "from staging.requests").split("|")
    return int(rows), int(places)


def disturb(site, server, chance):
    """Kills of the shipper, with a fault of the server now and then."""
    for number in range(KILLS):
        time.sleep(chance.uniform(0.02, 0.35))
        if not site.shipper.runs():
            raise Failure(f"the shipper ended by itself:\n{site.shipper.last_words()}")
        if number % 12 == 2:
            server.restart(crash=number == 2)
        if number == 10:
            freeze(server, 2.5)
        site.shipper.kill()
        site.shipper.start()
    site.shipper.wait_for_port(site.shipper_config.admin_port, 30)


def check_books(site, server):
    logged = site.count_lines()
    rows, places = count(server)
    if not rows == places == logged or logged == 0:
        raise Failure(f"{logged} lines were logged; PostgreSQL has {rows} rows of {places} places")
    code, report = site.audit()
    if code != 0:
        raise Failure(f"the audit says {code}:\n{report}")
    answer = site.sql("pg", "select count(*), min(cs_method) from requests")
    if answer != [[logged, "GET"]]:
        raise Failure(f"pixel-shipper sql answered {answer} for {logged} rows")
    print(f"{logged} lines, {rows} rows, {places} places after {KILLS} kills")


def check_bad_rows(site, server):
    """What the table refuses is a dead letter with the server's reason; the others go through."""
    before, _ = count(server)
    server.psql("alter table staging.requests add check (cs_uri_query <> 'bad=1')")
    site.edge.start()
    site.edge.wait_for_port(site.edge_config.port)
    for query, requests in (("?good=1", 5), ("?bad=1", 2), ("?good=2", 5)):
        run_load(site.build, site.url(query), requests=requests, connections=1)
    site.edge.stop()
    site.drain()
    rows, places = count(server)
    letters = [line for path in site.dead_letters() if path.suffix == ".jsonl"
               for line in path.read_text(encoding="utf-8").splitlines()]
    if rows != places or rows != before + 10:
        raise Failure(f"{before} rows became {rows} ({places} places) by ten good requests")
    if len(letters) != 2 or not all("violates check constraint" in line for line in letters):
        raise Failure(f"two bad rows left these dead letters: {letters}")
    code, report = site.audit()
    if code != 0:
        raise Failure(f"the audit says {code}:\n{report}")
    print("2 bad rows are dead letters")


def check_second_shipper(site, place):
    """The same sink from another state directory, while the first one runs."""
    other = PostgresConfig(place / "other", site.edge_config.spool)
    other.place.mkdir()
    other.dsn = site.shipper_config.dsn
    other.write()
    second = run([program(site.build, "pixel-shipper"), "status", "--json", "--config", other.path],
                 check=False)
    if "another shipper delivers as sink pg" not in second.stdout + second.stderr:
        raise Failure(f"a second shipper was not refused:\n{second.stdout}{second.stderr}")


def scenario(build, place, server):
    site = make_site(place, build, server)
    site.start()
    load = BackgroundLoad(build, site.url("?id={seq}"), place, seconds=120, rate=RATE)
    try:
        wait_until(lambda: "t" in server.psql(
            "select to_regclass('staging.requests') is not null"), 10, "the table is made")
        check_second_shipper(site, place)
        disturb(site, server, random.Random(20261120))
    finally:
        report = load.stop()
        site.stop()
    report.require_clean("load")
    site.drain()
    check_books(site, server)
    check_bad_rows(site, server)


def test(build, place):
    if programs() is None:
        raise Skip("PostgreSQL is not installed")
    # Not below `place`: user postgres may not enter that.
    with tempfile.TemporaryDirectory(prefix="pixeledge-pg-") as name:
        pathlib.Path(name).chmod(0o755)
        with Postgres(pathlib.Path(name) / "server") as server:
            scenario(build, place, server)


if __name__ == "__main__":
    main_of(test, needs_site=False)
