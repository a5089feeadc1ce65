# SPDX-License-Identifier: Apache-2.0
"""Destinations behind a server that the test starts on loopback: PostgreSQL, S3, ClickHouse,
HTTP."""

import argparse
import gzip
import pathlib
import sys
import threading

from destinations.base import COLUMNS, Destination
from destinations.embedded import read_json_lines
from destinations.receiver import Receiver
from harness.clickhouse import Clickhouse as ClickhouseServer
from harness.postgres import Postgres as PostgresServer
from harness.process import program, run

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "integration"))

from strict_clickhouse import StrictClickhouse  # noqa: E402
from strict_s3 import server as strict_s3  # noqa: E402


class Postgres(Destination):
    name = "postgres"

    def start(self):
        for folder in (self.place, self.place.parent):
            folder.chmod(0o755)  # The server runs as another user.
        self.server = PostgresServer(self.place / "server").create().start()

    def stop(self):
        self.server.stop()

    def toml(self):
        return f'kind = "postgres"\ndsn = "{self.server.dsn}"\nstage = "crash"\n'

    def rows(self, site):
        text = self.server.psql(f"copy (select {', '.join(COLUMNS)} from crash.requests) "
                                "to stdout", seconds=600)
        for line in text.splitlines():
            yield tuple(None if value == r"\N" else value for value in line.split("\t"))


class S3(Destination):
    """The strict server, in a thread of the test: its objects are read where they lie."""

    name = "s3"
    environment = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}

    def start(self):
        options = argparse.Namespace(
            bucket=["pixels"], access=self.environment["AWS_ACCESS_KEY_ID"],
            secret=self.environment["AWS_SECRET_ACCESS_KEY"], token="", region="us-east-1",
            page=1000, virtual_host=False)
        self.world = strict_s3.World(options)
        handler = type("Handler", (strict_s3.Handler,), {"world": self.world})
        self.server = strict_s3.Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()

    def toml(self):
        return ('kind = "s3"\npath = "s3://pixels/requests"\nformat = "jsonl"\n'
                f'endpoint = "http://127.0.0.1:{self.server.server_port}"\n'
                'region = "us-east-1"\ncredentials = "env"\n')

    def rows(self, site):
        for key, content in sorted(self.world.buckets["pixels"].objects.items()):
            if ".jsonl" in key:
                body = gzip.decompress(content.body) if key.endswith(".gz") else content.body
                yield from read_json_lines(body.decode("utf-8").splitlines())


class Clickhouse(Destination):
    """Debian's server, which knows no tokens. Its tables are made by the shipper's own init, which
    needs a configuration: the first look at the site."""

    name = "clickhouse"
    answer_timeout_s = 60

    def start(self):
        self.server = ClickhouseServer(self.place / "server").start()

    def stop(self):
        self.server.process.kill()

    def prepare(self, site):
        site.shipper_config.write()
        run([program(self.build, "pixel-shipper"), "init", "--config", site.shipper_config.path])

    def toml(self):
        return f'kind = "clickhouse"\nurl = "{self.server.url}"\n'

    def rows(self, site):
        text = self.server.query(f"SELECT {', '.join(COLUMNS)} FROM requests FORMAT TabSeparated")
        for line in text.splitlines():
            yield tuple(None if value == r"\N" else value for value in line.split("\t"))


class ClickhouseTokens(Destination):
    """The stand-in for a server of today, in a thread of the test."""

    name = "clickhouse_tokens"

    def start(self):
        self.server = StrictClickhouse().__enter__()

    def stop(self):
        self.server.__exit__()

    prepare = Clickhouse.prepare

    # It decodes in Python: what came together in a fault would take it seconds, and look as if it
    # stood still.
    def toml(self):
        return f'kind = "clickhouse"\nurl = "{self.server.url}"\nflush_rows = 500\n'

    def rows(self, site):
        for row in self.server.tables["requests"].rows:
            yield tuple(None if row[name] is None else str(row[name]) for name in COLUMNS)


class Http(Destination):
    """At least once: what was under way when the shipper was killed may come twice, under the key
    it came with before."""

    name = "http"
    is_exactly_once = False
    ROWS_PER_REQUEST = 500
    REQUESTS_AT_ONCE = 2

    def start(self):
        self.receiver = Receiver()

    def stop(self):
        self.receiver.stop()

    def toml(self):
        return (f'kind = "http"\nurl = "http://127.0.0.1:{self.receiver.port}/"\n'
                f'concurrency = {self.REQUESTS_AT_ONCE}\nflush_rows = {self.ROWS_PER_REQUEST}\n')

    def rows(self, site):
        for _, body in self.receiver.requests:
            yield from read_json_lines(body.decode("utf-8").splitlines())

    def in_flight_max(self):
        return self.ROWS_PER_REQUEST * self.REQUESTS_AT_ONCE
