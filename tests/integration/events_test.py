#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records on their way: posted to the edge, rows of `events` in every sink and of the tables that a
configuration makes of them, a bad line in the dead letters, and books that balance over both kinds
of lanes, also of a sink that wants only one."""

import json
import urllib.request

from support import main_of
from harness.process import Failure, program, run
from harness.site import Site

BATCHES = 20
RECORDS = 25

EXTRA = """
[[sink]]
name = "lines"
kind = "file"
path = "{place}/lines"
tables = ["events"]

[[sink]]
name = "plain"
kind = "file"
path = "{place}/plain"
tables = ["requests"]
"""


def post(site, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{site.edge_config.port}{path}", data=body.encode(),
        headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def expect(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what}: expected {wanted}, found {found}")


def post_all(site):
    for batch in range(BATCHES):
        records = [{"impressionId": f"{batch}-{n}", "n": n} for n in range(RECORDS)]
        expect("a batch", post(site, "/v1/batch", json.dumps({"batch": records})), 200)
    expect("a text", post(site, "/collect", "{not json"), 204)


def spoil(site):
    """A line that is no event, at the end of a sealed segment: damage that no manifest knows."""
    segment = max((site.edge_config.spool / "sealed").glob("*.ndjson"),
                  key=lambda path: path.stat().st_size)
    with segment.open("a", encoding="ascii") as file:
        file.write('{"id":"torn\n')


def check_sinks(site):
    posted = BATCHES * RECORDS + 1
    for sink in ("duckdb", "lake"):
        expect(f"{sink}: events", site.sql(sink, "select count(*), count(distinct request_id) "
                                           "from events")[0], [posted, BATCHES + 1])
        expect(f"{sink}: requests", site.count_rows(sink), BATCHES + 1)
        expect(f"{sink}: events joined to their requests", site.sql(
            sink, "select count(*) from events join requests "
            "on request_id = x_edge_request_id")[0][0], posted)
        expect(f"{sink}: faults", site.sql(
            sink, "select count(*) from events where fault is not null")[0][0], 0)
    expect("a record", site.sql("duckdb", "select json_extract_string(record, '$.impressionId') "
                                "from events where number = 24 order by 1 limit 1")[0][0], "0-24")
    lines = [json.loads(line) for file in sorted((site.place / "lines").glob("*"))
             for line in file.read_text(encoding="utf-8").splitlines()]
    expect("lines of the file sink", len(lines), posted)
    expect("a record as JSON", sorted(line["record"]["impressionId"] for line in lines
                                      if line["number"] == 0 and "impressionId" in
                                      (line["record"] or {}))[:1], ["0-0"])
    plain = [line for file in (site.place / "plain").glob("*")
             for line in file.read_text(encoding="utf-8").splitlines()]
    expect("lines of the sink without events", len(plain), BATCHES + 1)


def status_of(site):
    done = run([program(site.build, "pixel-shipper"), "status", "--json", "--config",
                site.shipper_config.path], check=False)  # 1 where something is wrong.
    return {sink["name"]: sink for sink in json.loads(done.stdout)["sinks"]}


def check_books(site):
    for name, sink in status_of(site).items():
        for key in ("residue", "pending", "dead_lettered", "filtered"):
            expect(f"{name}: {key}", sink[key], 0)


def test(build, place):
    site = Site(place, build)
    site.edge_config.extra = "[aliases]\nsegment = true\n"
    site.shipper_config.write()
    with site.shipper_config.path.open("a", encoding="utf-8") as file:
        file.write(EXTRA.format(place=place))
    site.shipper_config.write = lambda: None  # As it is now.
    try:
        site.start()
        post_all(site)
        site.stop()
        site.drain()
        check_sinks(site)
        check_books(site)
        code, report = site.audit()
        expect(f"pixel-log audit\n{report}", code, 0)
        check_bad_line(site, place)
    finally:
        site.kill()


def check_bad_line(site, place):
    """A sink that begins anew reads the spoiled segment from its begin."""
    spoil(site)
    with site.shipper_config.path.open("a", encoding="utf-8") as file:
        file.write(f'\n[[sink]]\nname = "late"\nkind = "file"\npath = "{place}/late"\n')
    site.drain()
    late = status_of(site)["late"]
    expect("late: dead letters", late["dead_lettered"], 1)
    letters = (site.shipper_config.state / "late" / "dead_letters.jsonl").read_text()
    expect("the reason", json.loads(letters)["reason"],
           "event: does not begin with id, n, seq and time")


if __name__ == "__main__":
    main_of(test, needs_site=False)
