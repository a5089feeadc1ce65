#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pixel-shipper into Redshift: a strict S3 server, and a PostgreSQL that stands in for the cluster.
The shipper is killed with SIGKILL again and again while it uploads, loads and commits; in the end
every line is a row exactly once, what the killed ones left in the bucket is gone, and the table of
the Hacker Pixel is as that system made it."""

import json
import os
import pathlib
import random
import tempfile
import time
import urllib.request

from support import ROOT, Skip, main_of
from harness.load import BackgroundLoad, run_load
from harness.postgres import Postgres, programs
from harness.process import Failure, Process, wait_until
from harness.shipper import ShipperConfig, drain
from harness.site import Site

KILLS = 16
RATE = 1500
SECRETS = {"PIXEL_TEST_S3_ACCESS": "AKIATESTTESTTESTTEST",
           "PIXEL_TEST_S3_SECRET": "secret/with+all=kinds"}
SINK = """\
[[sink]]
name = "rs"
kind = "redshift"
dsn = "postgresql://postgres@127.0.0.1:{port}/postgres"
path = "s3://bucket/loads"
iam_role = "arn:aws:iam::123456789012:role/loader"
endpoint = "{store}"
access_key = "env:PIXEL_TEST_S3_ACCESS"
secret_key = "env:PIXEL_TEST_S3_SECRET"
flush_age = "10ms"
{more}
"""


class RedshiftConfig(ShipperConfig):
    """One sink."""
    port, store, more = 0, "", ""

    def write(self):
        super().write()
        text = self.path.read_text(encoding="utf-8")
        sink = SINK.format(port=self.port, store=self.store, more=self.more)
        self.path.write_text(text[:text.index("[[sink]]")] + sink, encoding="utf-8")
        return self


def start_listening(name, place, program, *arguments):
    """A server of ours that says its port first: (process, port)."""
    said = place / f"{name}.port"
    process = Process(name, ["python3", ROOT / "tests/integration" / program, *arguments],
                      place / f"{name}.log", output=said).start()
    try:
        wait_until(lambda: said.exists() and b"\n" in said.read_bytes(), 10, f"{name} listens")
    except Failure as late:
        raise Failure(f"{late}\n{process.last_words()}") from None
    return process, int(said.read_text(encoding="ascii").split()[2])


class World:
    """The store, the database, the stand-in before it."""

    def __init__(self, place, server):
        self.server = server
        self.store, port = start_listening("store", place, "strict_s3/server.py", "--bucket",
                                           "bucket")
        self.store_url = f"http://127.0.0.1:{port}"
        self.cluster, self.port = start_listening(
            "cluster", place, "redshift_stand_in/server.py", "--socket", server.place, "--port",
            server.port, "--store", self.store_url)

    def kill(self):
        self.cluster.kill()
        self.store.kill()

    def config(self, place, spool, more=""):
        config = RedshiftConfig(place, spool)
        config.port, config.store, config.more = self.port, self.store_url, more
        return config

    def count_objects(self):
        with urllib.request.urlopen(self.store_url + "/-/state") as answer:
            return json.load(answer)["objects"]

    def fail(self, faults):
        request = urllib.request.Request(self.store_url + "/-/faults",
                                         json.dumps(faults).encode(), method="POST")
        urllib.request.urlopen(request).close()


def kill_again_and_again(site, world, chance):
    for number in range(KILLS):
        time.sleep(chance.uniform(0.2, 0.6))
        if number == KILLS // 2:
            world.fail([{"method": "PUT", "times": 3, "action": {"status": 503,
                                                                 "code": "SlowDown"}}])
        site.shipper.kill()
        site.shipper.start()
    site.shipper.wait_for_port(site.shipper_config.admin_port, 30)


def check_rows(site, world):
    logged = site.count_lines()
    counts = world.server.psql("select count(*), count(distinct (_segment, _offset)) from requests")
    if counts != f"{logged}|{logged}" or logged == 0:
        raise Failure(f"{logged} lines were logged; rows and places are {counts}")
    code, report = site.audit()
    if code != 0:
        raise Failure(f"the audit says {code}:\n{report}")
    types = world.server.psql("select pg_typeof(request_time), max(sc_bytes) > 0, min(cs_method) "
                              "from requests group by 1")
    if types != "timestamp with time zone|t|GET":
        raise Failure(f"the rows are not as they were sent: {types}")
    print(f"{logged} lines, {counts} rows and places after {KILLS} kills")


def check_objects(site, world):
    """A shipper that is idle cleans up; what it keeps is what was loaded: files and manifests."""
    site.shipper.start()
    expected = int(world.server.psql("select sum(files) + count(*) from pixeledge_loads"))
    left = world.count_objects()
    wait_until(lambda: world.count_objects() == expected, 15,
               f"{left} objects become the {expected} that were loaded")
    site.shipper.wait_for_port(site.shipper_config.admin_port, 30)
    site.shipper.stop()
    print(f"{left - expected} orphans of {left} objects are gone")


def check_hpx(site, world, place):
    """The same spool into the other table, from the beginning."""
    config = world.config(place / "hpx", site.edge_config.spool,
                          'preset = "hpx"\nschema = "hpx"')
    config.place.mkdir()
    config.write()
    drain(site.build, config)
    columns = world.server.psql(
        "select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by "
        "a.attnum) from pg_attribute a where attrelid = 'hpx.pixels'::regclass and attnum > 0")
    wanted = ("id bigint, request_time timestamp without time zone, ip character varying(50), " +
              ", ".join(f"{name} character varying(65535)" for name in
                        ("useragent", "url", "a", "b", "c", "d", "referrer", "cookie")))
    if columns != wanted:
        raise Failure(f"hpx.pixels is\n{columns}\ninstead of\n{wanted}")
    rows = world.server.psql("select count(*), count(distinct id) from hpx.pixels")
    odd = world.server.psql("select url, a, b, c, d, ip, request_time > now() - interval '1 hour' "
                            "from hpx.pixels where a like 'tab%'")
    logged = site.count_lines()
    if rows != f"{logged}|{logged}":
        raise Failure(f"{logged} lines became {rows} rows and ids of the hpx table")
    if odd != "/p.gif?a=tab%09%5C&b=x%20y|tab%09\\|x y|||127.0.0.1|t":
        raise Failure(f"values of the hpx table: {odd}")


def scenario(build, place, server):
    world = World(place, server)
    site = Site(place, build)
    site.edge_config.segment_bytes = "1MiB"
    site.shipper_config = world.config(place, site.edge_config.spool)
    try:
        site.start()
        load = BackgroundLoad(build, site.url("?id={seq}"), place, seconds=120, rate=RATE)
        try:
            kill_again_and_again(site, world, random.Random(20261120))
        finally:
            report = load.stop()
        report.require_clean("load")
        run_load(build, site.url("?a=tab%09%5C&b=x%20y"), requests=1, connections=1)
        site.stop()
        site.drain()
        check_rows(site, world)
        check_objects(site, world)
        check_hpx(site, world, place)
    finally:
        site.kill()
        world.kill()


def test(build, place):
    if programs() is None:
        raise Skip("PostgreSQL is not installed")
    os.environ.update(SECRETS)
    with tempfile.TemporaryDirectory(prefix="pixeledge-pg-") as name:
        pathlib.Path(name).chmod(0o755)
        with Postgres(pathlib.Path(name) / "server") as server:
            scenario(build, place, server)


if __name__ == "__main__":
    main_of(test, needs_site=False)
