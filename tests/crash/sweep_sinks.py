# SPDX-License-Identifier: Apache-2.0
"""What the sweep must know of each sink: its settings, how to begin anew, what it holds. A new sink
is one class here and its name in ADAPTERS."""

import gzip
import json
import shutil

from destinations import servers
from destinations.receiver import Receiver
from harness.postgres import Postgres as PostgresServer
from harness.process import Failure, program, run


class Adapter:
    """A sink that lies in files below the place. `once` is called before all runs, `over` after."""
    name = ""
    environment = {}  # Of the shipper.

    def __init__(self, build, place):
        self.build = build
        self.place = place

    def once(self):
        """Starts what the sink needs, such as a server."""

    def over(self):
        """Ends it."""

    def reset(self):
        """Forgets all rows, and what the shipper knows of them."""
        for name in ("state", "out"):
            shutil.rmtree(self.place / name, ignore_errors=True)

    def settings(self):
        """The TOML of its [[sink]], without name and batch limits."""
        raise NotImplementedError

    def duplicates_max(self, rows_per_batch):
        """Of one kill; more than 0 where the sink promises at least once."""
        del rows_per_batch
        return 0

    def ids(self, config):
        """The id of every row, in any order."""
        raise NotImplementedError

    def sql_ids(self, config):
        done = run([program(self.build, "pixel-shipper"), "sql", "--config", config, "--sink",
                    "swept", "select id from requests"])
        return [row[0] for row in json.loads(done.stdout)["rows"]]


class File(Adapter):
    name = "file"

    def settings(self):
        return f'kind = "file"\npath = "{self.place}/out"\nmax_file_bytes = "64KiB"\n'

    def ids(self, config):
        return [json.loads(line)["id"] for path in sorted((self.place / "out").glob("*.jsonl"))
                for line in path.read_text(encoding="utf-8").splitlines()]


class DuckDb(Adapter):
    name = "duckdb"

    def reset(self):
        super().reset()
        (self.place / "out").mkdir()

    def settings(self):
        return f'kind = "duckdb"\npath = "{self.place}/out/w.duckdb"\nmemory = "128MiB"\n'

    def ids(self, config):
        return self.sql_ids(config)


class Lake(Adapter):
    name = "lake"

    def settings(self):
        return f'kind = "lake"\npath = "{self.place}/out"\nmemory = "128MiB"\nmerge_files = 2\n'

    def ids(self, config):
        return self.sql_ids(config)


class Postgres(Adapter):
    name = "postgres"

    def once(self):
        self.place.chmod(0o755)  # The server runs as a user of its own.
        self.server = PostgresServer(self.place / "server").create()
        self.server.start()

    def over(self):
        self.server.stop()

    def reset(self):
        super().reset()
        self.server.psql("drop schema if exists swept cascade")

    def settings(self):
        return f'kind = "postgres"\ndsn = "{self.server.dsn}"\nstage = "swept"\n'

    def ids(self, config):
        return [int(line) for line in self.server.psql("copy (select id from swept.requests) "
                                                       "to stdout").split()]


class S3(Adapter):
    """The strict server, in a thread of the test: its objects are read where they lie."""
    name = "s3"
    environment = servers.S3.environment

    def __init__(self, build, place):
        super().__init__(build, place)
        self.destination = servers.S3(place, build)

    def once(self):
        self.destination.start()

    def over(self):
        self.destination.stop()

    def reset(self):
        super().reset()
        self.destination.world.buckets["pixels"].objects.clear()

    def settings(self):
        return self.destination.toml()

    def ids(self, config):
        ids = []
        for key, content in self.destination.world.buckets["pixels"].objects.items():
            if ".jsonl" in key:
                body = gzip.decompress(content.body) if key.endswith(".gz") else content.body
                ids += [json.loads(line)["id"] for line in body.splitlines()]
        return ids


class Clickhouse(Adapter):
    """Debian's server: rows are looked for before each insert."""
    name = "clickhouse"
    kind = servers.Clickhouse

    def __init__(self, build, place):
        super().__init__(build, place)
        self.destination = self.kind(place, build)

    def once(self):
        self.destination.start()

    def over(self):
        self.destination.stop()

    def reset(self):
        super().reset()
        config = self.place / "shipper.toml"
        if config.exists():
            run([program(self.build, "pixel-shipper"), "init", "--config", config])
            self.empty()

    def empty(self):
        self.destination.server.query("TRUNCATE TABLE requests")

    def settings(self):
        return self.destination.toml()

    def ids(self, config):
        return [int(line) for line in
                self.destination.server.query("SELECT id FROM requests").split()]


class ClickhouseTokens(Clickhouse):
    """The stand-in for a younger one: inserts are known again by their tokens."""
    name = "clickhouse_tokens"
    kind = servers.ClickhouseTokens

    def settings(self):
        return self.destination.toml().replace("flush_rows = 500\n", "")  # The sweep has its own.

    def empty(self):
        table = self.destination.server.tables["requests"]
        table.rows, table.tokens = [], []

    def ids(self, config):
        return [row["id"] for row in self.destination.server.tables["requests"].rows]


class Http(Adapter):
    """At least once: what was under way may come again, under its key and as it was."""
    name = "http"
    REQUESTS_AT_ONCE = 2

    def once(self):
        self.receiver = Receiver()

    def over(self):
        self.receiver.stop()

    def reset(self):
        super().reset()
        self.receiver.requests.clear()

    def settings(self):
        return (f'kind = "http"\nurl = "http://127.0.0.1:{self.receiver.port}/"\n'
                f'concurrency = {self.REQUESTS_AT_ONCE}\n')

    def duplicates_max(self, rows_per_batch):
        return self.REQUESTS_AT_ONCE * rows_per_batch

    def ids(self, config):
        by_key = {}
        for key, body in self.receiver.requests:
            if by_key.setdefault(key, body) != body:
                raise Failure(f"key {key} came with other rows than before")
        return [json.loads(line)["id"] for _, body in self.receiver.requests
                for line in body.splitlines()]


ADAPTERS = {adapter.name: adapter for adapter in
            (File, DuckDb, Lake, Postgres, S3, Clickhouse, ClickhouseTokens, Http)}
