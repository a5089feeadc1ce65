#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every [[sink]] example of a document runs as it stands there, but for addresses, folders and
secrets: it takes the lines of a spool to the real destination, or to our stand-in for it, and each
line is there once."""

import contextlib
import gzip
import json
import os
import re
import sys

from support import ROOT, Skip, main_of
from docs_test import sink_examples
from redshift_test import SECRETS as STORE_SECRETS
from redshift_test import World as RedshiftWorld
from redshift_test import start_listening
from strict_clickhouse import StrictClickhouse
from harness import postgres
from harness.edge import start_edge
from harness.load import run_load
from harness.process import Failure, Process, program, run, wait_until
from harness.site import Site

sys.path.append(str(ROOT / "tests" / "crash"))

from destinations.receiver import Receiver  # noqa: E402

LINES = 500
CONFIG = """\
[spool]
path = "{spool}"
[state]
path = "{place}/state"
[admin]
listen = ""
[retention]
enabled = false
"""


class Example:
    """One example in a folder of its own."""

    def __init__(self, build, place, spool, text):
        self.build, self.place = build, place
        self.text = text.replace("/var/lib/pixeledge", str(place))
        self.config = place / "shipper.toml"
        self.environment = dict(os.environ)
        self.head = CONFIG.format(spool=spool, place=place)

    def replace(self, pattern, text):
        assert re.search(pattern, self.text), f"no {pattern} in {self.text}"
        self.text = re.sub(pattern, text, self.text)

    def add(self, line):
        """At the end of its one [[sink]]."""
        self.text = self.text.rstrip() + "\n" + line + "\n"

    def command(self, *words):
        self.config.write_text(self.head + self.text, encoding="utf-8")
        return run([program(self.build, "pixel-shipper"), *words, "--config", self.config],
                   env=self.environment, seconds=120).stdout

    def held(self):
        """Lines that the sink itself says it has once each."""
        sink = json.loads(self.command("holdings"))["sinks"][0]
        assert sink["rows"] == sink["distinct"], sink
        return sink["distinct"]


@contextlib.contextmanager
def strict_store(example, bucket):
    """An S3 server with that bucket, of the example's region; yields its URL."""
    region = re.search(r'region = "(.*)"', example.text).group(1)
    store, port = start_listening("store", example.place, "strict_s3/server.py", "--bucket", bucket,
                                  "--region", region)
    example.environment |= {"AWS_ACCESS_KEY_ID": STORE_SECRETS["PIXEL_TEST_S3_ACCESS"],
                            "AWS_SECRET_ACCESS_KEY": STORE_SECRETS["PIXEL_TEST_S3_SECRET"]}
    example.add(f'endpoint = "http://127.0.0.1:{port}"')
    try:
        yield
    finally:
        store.kill()


@contextlib.contextmanager
def receiver_of(example):
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.stop()


def run_in_files(example):
    """duckdb, lake, file."""
    example.command("run", "--once")
    return example.held()


def run_stdout(example):
    return len(example.command("run", "--once").splitlines())


def run_uploading_lake(example):
    with strict_store(example, "my-lake"):
        example.command("run", "--once")
        return example.held()


def run_s3(example):
    with strict_store(example, "my-logs"):
        example.command("run", "--once")
        return example.held()


def run_http(example):
    with receiver_of(example) as receiver:
        example.environment["HOOK_TOKEN"] = "a token"
        example.replace(r'url = "https://[^"]*"', f'url = "http://127.0.0.1:{receiver.port}/in"')
        example.command("run", "--once")
        return sum(gzip.decompress(body).count(b"\n") for _, body in receiver.requests)


def run_slack(example):
    with receiver_of(example) as receiver:
        example.environment["SLACK_WEBHOOK_URL"] = f"http://127.0.0.1:{receiver.port}/hook"
        example.replace(r'interval = "5m"', 'interval = "1s"')
        example.command("check")
        shipper = Process("pixel-shipper", ["env", "SLACK_WEBHOOK_URL=" +
                                            example.environment["SLACK_WEBHOOK_URL"],
                                            program(example.build, "pixel-shipper"), "run",
                                            "--config", example.config],
                          example.place / "log").start()
        try:
            wait_until(lambda: receiver.requests, 20, "a message is posted")
        finally:
            shipper.stop()
        texts = [json.loads(body)["text"] for _, body in receiver.requests]
        return sum(int(re.search(r"(\d+) rows", text).group(1)) for text in texts)


def run_clickhouse(example):
    with StrictClickhouse() as server:
        example.environment["CLICKHOUSE_PASSWORD"] = "a password"
        example.replace(r'url = "[^"]*"', f'url = "{server.url}"')
        example.command("init")
        example.command("run", "--once")
        assert not server.violations, server.violations
        return len(server.tables["requests"].rows)


@contextlib.contextmanager
def server_of(example):
    if postgres.programs() is None:
        raise Skip("PostgreSQL is not installed")
    for folder in (example.place, example.place.parent):
        folder.chmod(0o755)  # The server runs as another user.
    with postgres.Postgres(example.place / "server") as server:
        yield server


def run_postgres(example):
    with server_of(example) as server:
        server.psql("create role shipper superuser login")
        server.psql("create database pixel owner shipper")
        example.environment["PIXEL_PG_PASSWORD"] = "trusted anyway"
        example.replace(":5432/", f":{server.port}/")
        example.command("run", "--once")
        assert example.held() == LINES
        return int(server.psql("select count(*) from prod.requests", database="pixel"))


def run_redshift(example):
    with server_of(example) as server:
        world = RedshiftWorld(example.place, server)
        example.environment |= {"PIXEL_REDSHIFT_PASSWORD": "trusted anyway", **STORE_SECRETS}
        example.replace(r"//loader@[^?]*\?sslmode=require",
                        f"//postgres@127.0.0.1:{world.port}/postgres")
        example.replace("s3://my-loads", "s3://bucket")
        example.add(f'endpoint = "{world.store_url}"\naccess_key = "env:PIXEL_TEST_S3_ACCESS"\n'
                    'secret_key = "env:PIXEL_TEST_S3_SECRET"')
        try:
            example.command("run", "--once")
            return int(server.psql("select count(*) from requests"))
        finally:
            world.kill()


RUNS = {"duckdb": run_in_files, "lake": run_in_files, "file": run_in_files, "stdout": run_stdout,
        "s3": run_s3, "http": run_http, "clickhouse": run_clickhouse, "postgres": run_postgres,
        "redshift": run_redshift, "lake upload": run_uploading_lake, "http slack": run_slack}


def way_of(text):
    kind = re.search(r'kind = "(\w+)"', text).group(1)
    if "upload =" in text:
        return f"{kind} upload"
    return f"{kind} slack" if 'preset = "slack"' in text else kind


def make_spool(build, place):
    site = Site(place, build)
    site.edge_config.paths = ["/p.gif"]
    edge = start_edge(build, site.edge_config)
    try:
        run_load(build, site.url("?a=1&b=2"), connections=4, requests=LINES).require_clean("load")
    finally:
        edge.stop()
    return site.edge_config.spool


def test(build, place):
    spool = make_spool(build, place)
    ran = set()
    for number, (document, text) in enumerate(sink_examples()):
        if "tables = " in text:
            continue  # It names a table of its document's other examples.
        way = way_of(text)
        folder = place / f"example-{number}"
        folder.mkdir()
        found = RUNS[way](Example(build, folder, spool, text))
        print(f"{document.relative_to(ROOT)}: {way}: {found} of {LINES} lines", flush=True)
        if found != LINES:
            raise Failure(f"{document}: {found} of {LINES} lines arrived")
        ran.add(way)
    assert ran == set(RUNS), f"no example of {set(RUNS) - ran}"


if __name__ == "__main__":
    main_of(test, needs_site=False)
