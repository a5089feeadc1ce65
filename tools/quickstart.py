#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts pixel-edge and pixel-shipper on loopback with the embedded warehouse, drives a short load
and shows the books: answered, logged, in DuckDB, in the Parquet lake.

    ./quickstart              5 s of load, then serves until Ctrl-C
    ./quickstart --seconds N  N seconds of load, then stops; exit 0 only if the books balance, and
                              the last line is `answered=A logged=L duckdb=D lake=P balanced`

Everything lies below ./quickstart-run (or $PIXEL_RUN), a new folder for each run. Exit: 0 fine,
1 failed or not balanced, 2 wrong usage."""

import argparse
import dataclasses
import os
import pathlib
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

from harness.load import run_load  # noqa: E402
from harness.process import Failure, wait_until  # noqa: E402
from harness.site import Site  # noqa: E402

REQUESTS_PER_SECOND = 5000
CONNECTIONS = 64
DEFAULT_SECONDS = 5
DRAIN_SECONDS = 60
# Placeholders are pixel-load's: every request differs, as real ones do.
QUERY = ("?a={pick:home|product|basket|checkout}&b={rand:100000}&c={pick:mail|search|social|direct}"
         "&d={uuid}&n={seq}&t={time_ms}")


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM."""


@dataclasses.dataclass
class Books:
    answered: int
    logged: int
    duckdb: int
    lake: int
    audit_code: int
    audit_text: str

    def balance(self):
        return (self.answered == self.logged == self.duckdb == self.lake and self.answered > 0 and
                self.audit_code == 0)

    def line(self):
        return (f"answered={self.answered} logged={self.logged} duckdb={self.duckdb} "
                f"lake={self.lake} {'balanced' if self.balance() else 'NOT balanced'}")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./quickstart", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=None,
                        help="of load; then stop instead of serving on")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release",
                        help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.seconds is not None and arguments.seconds < 1:
        parser.error("--seconds: at least 1")
    return arguments


def make_place():
    """A folder of this run's own; `latest` leads to it."""
    top = pathlib.Path(os.environ.get("PIXEL_RUN") or ROOT / "quickstart-run")
    place = top / time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    place.mkdir(parents=True)
    link = top / "latest"
    link.unlink(missing_ok=True)
    link.symlink_to(place.name)
    return place


def say(text=""):
    print(text, flush=True)


def start(place, build):
    site = Site(place, build)
    for port in site.prefer_ports(8080, 9180, 9181):
        say(f"port {port} is taken: another one is used")
    site.start()
    say(f"pixel-edge    {site.url()}   metrics {site.edge_config.admin_url}/metrics")
    say(f"pixel-shipper metrics {site.shipper_config.admin_url}/metrics")
    say(f"everything lies in {place}")
    return site


def drive(site, seconds):
    say(f"\n{seconds} s of load, {REQUESTS_PER_SECOND} requests/s over {CONNECTIONS} connections")
    return run_load(site.build, site.url(QUERY), connections=CONNECTIONS, seconds=seconds,
                    rate=REQUESTS_PER_SECOND, browser=True)


def wait_for_rows(site, answered):
    """How long after the load's end both sinks have every row; says so when they never do."""
    begun = time.monotonic()
    try:
        for sink in ("duckdb", "lake"):
            wait_until(lambda sink=sink: site.count_rows(sink) >= answered, DRAIN_SECONDS,
                       f"{sink} holds all {answered} rows", pause=0.1)
    except Failure as failure:
        say(f"quickstart: {failure}")
    return time.monotonic() - begun


def read_books(site, answered):
    code, text = site.audit()
    return Books(answered, site.count_lines(), site.count_rows("duckdb"), site.count_rows("lake"),
                 code, text)


def print_table(books, load, drain_seconds):
    rate = load.answered / load.seconds
    say("")
    say(f"{'':10}{'count':>12}   ")
    say(f"{'answered':10}{books.answered:12,}   {rate:,.0f}/s, p50 "
        f"{load.latency_us('p50'):.0f} us, p99 {load.latency_us('p99'):.0f} us for the client")
    say(f"{'logged':10}{books.logged:12,}   lines in the segments")
    say(f"{'duckdb':10}{books.duckdb:12,}   rows of table requests")
    say(f"{'lake':10}{books.lake:12,}   rows in Parquet files; both sinks had all "
        f"{drain_seconds:.1f} s after the last answer")
    say(f"{'audit':10}{'fine' if books.audit_code == 0 else 'NOT fine':>12}   "
        "answers, lines, manifests, sequences and sinks against each other")
    if not books.balance():
        say(books.audit_text)


def print_where_to_look(site):
    config = site.shipper_config.path
    say("\nlook around (Ctrl-C stops everything):")
    say(f"  curl -i '{site.url('?a=hello&b=1')}'")
    say(f"  {site.shown('pixel-shipper')} sql --config {config} "
        "'select a, count(*) from requests group by a order by 2 desc'")
    say(f"  {site.shown('pixel-shipper')} status --config {config}")
    say(f"  {site.shown('pixel-log')} cat {site.edge_config.spool}")
    say(f"  curl {site.edge_config.admin_url}/metrics")
    say(f"  curl {site.shipper_config.admin_url}/metrics")
    say(f"  {site.shipper_config.lake}: the lake's Parquet files")


def stop(site):
    """Edge first: it seals; the shipper then takes the rest."""
    site.stop()
    site.drain()
    unsealed = site.unsealed()
    if unsealed:
        raise Failure(f"unsealed segments are left: {', '.join(str(path) for path in unsealed)}")


def serve_until_interrupted(site):
    while site.edge.runs() and site.shipper.runs():
        time.sleep(0.2)
    ended = site.shipper if site.edge.runs() else site.edge
    raise Failure(f"{ended.name} ended by itself:\n{ended.last_words()}")


def quickstart(arguments, place):
    site = start(place, arguments.build)
    try:
        load = drive(site, arguments.seconds or DEFAULT_SECONDS)
        drain_seconds = wait_for_rows(site, load.answered)
        if arguments.seconds is None:
            books = read_books(site, load.answered)
            print_table(books, load, drain_seconds)
            print_where_to_look(site)
            serve_until_interrupted(site)
        stop(site)
        books = read_books(site, load.answered)
        print_table(books, load, drain_seconds)
        say(books.line())
        return 0 if books.balance() else 1
    except Interrupted:
        say("\nstopping: the edge seals, the shipper takes the rest")
        stop(site)
        say(f"stopped; nothing runs, every segment is sealed. What was stored stays in {place}")
        return 0
    finally:
        site.kill()


def interrupt(*_):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Once is enough: stopping must not be cut.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Interrupted


def main():
    arguments = parse_arguments()
    place = make_place()
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return quickstart(arguments, place)
    except Interrupted:
        return 1
    except Failure as failure:
        print(f"quickstart: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
