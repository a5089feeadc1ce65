# SPDX-License-Identifier: Apache-2.0
"""Contestants of one job: all of a backlog to one kind of destination. Each leaves nothing behind
but what it delivered, which is checked by counting and then removed."""

import gzip
import pathlib
import shutil
import threading
import argparse
import sys

from harness.process import Failure, Process, program, wait_until
from harness.shipper import ShipperConfig
from shipping.runs import Run, peak_so_far, run_measured

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "integration"))

CPU = 0


class Contestant:
    """`spool` is only read. `lines`: how many lie in it."""

    name = ""

    def __init__(self, build, place, spool, lines):
        self.build, self.spool, self.lines = build, spool, lines
        self.place = pathlib.Path(place) / self.name.replace(" ", "-")
        self.environment = {}

    def run(self):
        """A measured run into a fresh place."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        try:
            result = self.deliver()
            self.check()
            return result
        finally:
            shutil.rmtree(self.place, ignore_errors=True)

    def deliver(self):
        raise NotImplementedError

    def check(self):
        """A Failure unless every line arrived."""

    def expect(self, count):
        if count != self.lines:
            raise Failure(f"{self.name}: {count} of {self.lines} lines arrived")


class Shipper(Contestant):
    """pixel-shipper run --once."""

    sink = ""
    params = ("a", "b", "c", "d")  # Of the query, with a column each.

    def deliver(self):
        config = ShipperConfig(self.place, self.spool)
        config.params = self.params
        config.retention = False
        config.sinks = '[[sink]]\nname = "bench"\n' + self.sink.format(out=self.place / "out")
        config.write()
        return run_measured([program(self.build, "pixel-shipper"), "run", "--once", "--config",
                             config.path], CPU, self.environment)


def count_lines(paths):
    count = 0
    for path in paths:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as lines:
            count += sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(1 << 20), b""))
    return count


class FileRaw(Shipper):
    name = "shipper raw"
    sink = 'kind = "file"\nformat = "raw"\npath = "{out}"\n'

    def check(self):
        files = list((self.place / "out").glob("*.log"))
        self.expect(count_lines(files) - 2 * len(files))


class FileJson(Shipper):
    name = "shipper jsonl"
    params = ()  # The line's fields and the lineage alone.
    sink = 'kind = "file"\npath = "{out}"\n'

    def check(self):
        self.expect(count_lines((self.place / "out").glob("*.jsonl")))


class FileGzip(Shipper):
    name = "shipper raw gzip"
    sink = 'kind = "file"\nformat = "raw"\ngzip = true\npath = "{out}"\n'

    def check(self):
        files = list((self.place / "out").glob("*.gz"))
        self.expect(count_lines(files) - 2 * len(files))


class Duckdb(Shipper):
    name = "shipper duckdb"
    sink = ('kind = "duckdb"\npath = "{out}.duckdb"\nthreads = 1\nmemory = "2GiB"\n'
            'flush_rows = 200000\nflush_bytes = "96MiB"\nflush_age = "10s"\n')


class ReadCsv(Contestant):
    name = "duckdb read_csv"

    def deliver(self):
        return run_measured([program(self.build, "duckdb-read-csv"), "--database",
                             self.place / "out.duckdb", "--sealed", self.spool / "sealed"], CPU)


class S3(Shipper):
    """CloudFront objects, gzip, to the strict server in a thread of this process on other cores."""

    name = "shipper s3 gzip"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.environment = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                            "AWS_SECRET_ACCESS_KEY": "not-a-secret"}

    def deliver(self):
        from strict_s3 import server as strict_s3  # Only who runs it needs it.
        self.world = strict_s3.World(argparse.Namespace(
            bucket=["pixels"], access="AKIDEXAMPLE", secret="not-a-secret", token="",
            region="us-east-1", page=1000, virtual_host=False))
        handler = type("Handler", (strict_s3.Handler,), {"world": self.world})
        server = strict_s3.Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.sink = ('kind = "s3"\npath = "s3://pixels/logs"\nformat = "cloudfront"\n'
                     f'endpoint = "http://127.0.0.1:{server.server_port}"\nregion = "us-east-1"\n'
                     'credentials = "env"\nflush_rows = 1000000\nflush_bytes = "16MiB"\n')
        try:
            return super().deliver()
        finally:
            server.shutdown()

    def check(self):
        objects = self.world.buckets["pixels"].objects.values()
        self.expect(sum(gzip.decompress(content.body).count(b"\n") - 2 for content in objects))


RSYSLOG = """\
global(workDirectory="{place}/state")
module(load="imfile" mode="inotify")
template(name="line" type="string" string="%msg%\\n")
ruleset(name="out" queue.type="LinkedList" queue.size="200000" queue.dequeueBatchSize="8192") {{
  action(type="omfile" file="{place}/out.log" template="line" ioBufferSize="64k"
         flushOnTXEnd="off" asyncWriting="off")
}}
input(type="imfile" file="{sealed}/*.log" tag="pixel" ruleset="out" escapeLF="off"
      readTimeout="0" maxLinesPerMinute="0" maxBytesPerMinute="0")
"""


class Rsyslog(Contestant):
    """imfile to omfile. It runs for ever: done when all lines are there."""

    name = "rsyslog raw"

    def deliver(self):
        import time
        (self.place / "state").mkdir()
        config = self.place / "rsyslog.conf"
        config.write_text(RSYSLOG.format(place=self.place, sealed=self.spool / "sealed"),
                          encoding="utf-8")
        wanted = sum(path.stat().st_size for path in (self.spool / "sealed").glob("*.log"))
        out = self.place / "out.log"
        began = time.monotonic()
        process = Process(self.name, ["rsyslogd", "-n", "-f", config, "-i",
                                      self.place / "rsyslog.pid"],
                          self.place / "rsyslog.log", cpu=CPU).start()
        try:
            wait_until(lambda: out.exists() and out.stat().st_size >= wanted * 0.995, 600,
                       "rsyslog has written all lines", pause=0.005)
            return Run(time.monotonic() - began, process.cpu_seconds(), peak_so_far(process.pid))
        finally:
            process.kill()


JOBS = {
    "raw lines to a file": (FileRaw, Rsyslog),
    "33 fields to JSON lines": (FileJson,),
    "raw lines to gzip files": (FileGzip,),
    "gzip objects to S3": (S3,),
    "DuckDB table": (Duckdb, ReadCsv),
}
