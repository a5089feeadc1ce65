# SPDX-License-Identifier: Apache-2.0
"""For the tests of sinks that send: a spool with lines, a shipper with one sink, and a receiver of
HTTP requests that misbehaves as it is told."""

import contextlib
import gzip
import http.server
import json
import pathlib
import random
import socket
import struct
import threading
import time

import support  # noqa: F401  (the path to the harness)
from harness.load import BackgroundLoad, run_load
from harness.process import Failure, Process, program, run, wait_until
from harness.shipper import ShipperConfig
from harness.site import Site


class OneSink(ShipperConfig):
    """A shipper with this sink alone; `sink`: the lines after [[sink]]."""
    sink = ""
    tables = ""

    def write(self):
        super().write()
        text = self.path.read_text(encoding="utf-8")
        self.path.write_text(text[:text.index("[[sink]]")] + self.tables + "[[sink]]\n" + self.sink,
                             encoding="utf-8")
        return self


def make_site(place, build, sink):
    """Small segments and short ages: rotation happens all the time. Requests have numbers."""
    site = Site(place, build)
    site.edge_config.segment_bytes = "1MiB"
    site.edge_config.segment_age = "1s"
    site.shipper_config = OneSink(place, site.edge_config.spool)
    site.shipper_config.params = ("id",)
    site.shipper_config.sink = sink
    return site


def fill_spool(site, requests):
    """Logs so many lines; the edge has ended when it returns."""
    site.edge_config.write()
    edge = Process("pixel-edge", [program(site.build, "pixel-edge"), "--config",
                                  site.edge_config.path], site.place / "edge.log").start()
    edge.wait_for_port(site.edge_config.port)
    run_load(site.build, site.url("?id={seq}"), requests=requests).require_clean("load")
    if edge.stop() != 0:
        raise Failure(f"the edge did not end well:\n{edge.last_words()}")


def run_once(site, check=True, seconds=60):
    """Delivers all that is published."""
    site.shipper_config.write()
    return run([program(site.build, "pixel-shipper"), "run", "--once", "--config",
                site.shipper_config.path], check=check, seconds=seconds)


def stuck_reason(site):
    """What the status says of a sink that needs an operator."""
    config = site.shipper_config.write()
    shipper = Process("pixel-shipper", [program(site.build, "pixel-shipper"), "run", "--config",
                                        config.path], site.place / "stuck.log").start()
    try:
        shipper.wait_for_port(config.admin_port)
        ask = [program(site.build, "pixel-shipper"), "status", "--json", "--config", config.path]

        def error():
            return json.loads(run(ask, check=False).stdout)["sinks"][0].get("error")
        return wait_until(error, 10, "the sink is stuck", pause=0.1)
    finally:
        shipper.kill()


class Disturbed:
    """Load on the edge, and a shipper that is killed at random moments and started again."""

    def __init__(self, site, place, rate=4000, seed=20261120):
        self.site, self.place, self.rate = site, place, rate
        self.chance = random.Random(seed)

    def run(self, kills, between=lambda number: None):
        site = self.site
        site.start()
        load = BackgroundLoad(site.build, site.url("?id={seq}"), self.place, seconds=300,
                              rate=self.rate)
        try:
            for number in range(kills):
                time.sleep(self.chance.uniform(0.05, 0.35))
                between(number)
                if not site.shipper.runs():
                    raise Failure(f"the shipper ended by itself:\n{site.shipper.last_words()}")
                site.shipper.kill()
                site.shipper.start()
            site.shipper.wait_for_port(site.shipper_config.admin_port)
        finally:
            report = load.stop()
            site.stop()
        report.require_clean("load")
        site.drain()
        return report


class Request:
    """What came: headers in lower case, the body without its encoding."""

    def __init__(self, path, headers, body):
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.body = body
        self.key = self.headers.get("idempotency-key", "")

    def rows(self):
        text = self.body.decode("utf-8")
        if self.headers.get("content-type") == "application/json":
            return json.loads(text)
        return [json.loads(line) for line in text.splitlines()]


class Receiver:
    """Listens on 127.0.0.1. `script(request)` says what to do with it: a status, (status, headers,
    body), or one of the ways to misbehave below. What was taken before a 2xx, a reset after() or a
    half answer is in `taken`."""

    RESET_BEFORE = "reset before"  # Nothing is taken, the connection is reset.
    RESET_AFTER = "reset after"    # Taken, but nobody learns of it.
    HALF = "half"                  # Taken; half an answer.

    def __init__(self, script=lambda request: 204):
        self.script = script
        self.taken = []  # Requests whose rows count, in their order.
        self.answers = {}  # By status or misbehaviour: how many.
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                if len(body) == length:  # Else the sender was killed: half a body is nothing.
                    receiver.handle(self, Request(self.path, dict(self.headers), body))

            def do_HEAD(self):
                self.send_response(405)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A sender that was killed is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler, request):
        with self.lock:
            what = self.script(request)
            name = what[0] if isinstance(what, tuple) else what
            self.answers[name] = self.answers.get(name, 0) + 1
            takes = name in (self.RESET_AFTER, self.HALF) or \
                (isinstance(name, int) and name // 100 == 2)
            if takes:
                self.taken.append(request)
        with contextlib.suppress(OSError):
            self.answer(handler, what)

    def answer(self, handler, what):
        if what in (self.RESET_BEFORE, self.RESET_AFTER):
            # With this option, closing sends a reset.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                          struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        if what == self.HALF:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        status, headers, body = what if isinstance(what, tuple) else (what, {}, b"")
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def ids(self):
        """The number of each row taken, with the key it came under."""
        with self.lock:
            return [(int(row["id"]), request.key) for request in self.taken
                    for row in request.rows()]


def dead_letters(site, name="out"):
    path = pathlib.Path(site.shipper_config.state) / name / "dead_letters.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
