# SPDX-License-Identifier: Apache-2.0
"""The shipper beside a serving edge: what it takes at a steady rate, how late a row is."""

import http.client
import pathlib
import re
import statistics
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.load import BackgroundLoad
from harness.process import Failure
from harness.site import Site

RATE = 10_000
LATE_REQUESTS = 2000
LATE_RATE = 200


def resident_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024


def site_with(place, build, name, sink, flush_age):
    where = pathlib.Path(place) / name
    where.mkdir()
    site = Site(where, build)
    site.shipper_config.flush_age = flush_age
    site.shipper_config.sinks = ('[[sink]]\nname = "bench"\nflush_age = "{flush_age}"\n' +
                                 sink.replace("{out}", str(where / "out")))
    return site


def steady(build, place, seconds):
    """JSON lines to a file at 10,000 rows/s: share of a core and memory of the shipper."""
    site = site_with(place, build, "steady", 'kind = "file"\npath = "{out}"\n', "1s")
    site.start()
    load = BackgroundLoad(build, site.url("?a=1&b=2&c=3&d=4"), site.place, connections=64,
                          seconds=seconds + 30, rate=RATE, browser=True)
    try:
        time.sleep(3)
        cpu, began, memory = site.shipper.cpu_seconds(), time.monotonic(), []
        while time.monotonic() - began < seconds:
            time.sleep(0.25)
            memory.append(resident_mib(site.shipper.pid))
        used = site.shipper.cpu_seconds() - cpu
        passed = time.monotonic() - began
    finally:
        load.stop()
        site.stop()
    return {"rate": RATE, "share_of_a_core": used / passed, "resident_mib": max(memory)}


class Receiver:
    """Notes when each request's number arrived."""

    def __init__(self):
        self.arrived = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                now = time.monotonic_ns()
                for number in re.findall(rb'"a":"(\d+)"', body):
                    outer.arrived.setdefault(int(number), now)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def lateness(build, place):
    """From the answer of a request to the arrival of its row at a receiver that acknowledges at
    once, in ms; batches wait for nothing."""
    receiver = Receiver()
    site = site_with(place, build, "late",
                     f'kind = "http"\nurl = "http://127.0.0.1:{receiver.port}/"\n', "1ms")
    site.start()
    answered = {}
    try:
        connection = http.client.HTTPConnection("127.0.0.1", site.edge_config.port)
        began = time.monotonic()
        for number in range(LATE_REQUESTS):
            time.sleep(max(0.0, began + number / LATE_RATE - time.monotonic()))
            connection.request("GET", f"/p.gif?a={number}")
            connection.getresponse().read()
            answered[number] = time.monotonic_ns()
        time.sleep(1)
    finally:
        site.stop()
        receiver.server.shutdown()
    missing = set(answered) - set(receiver.arrived)
    if missing:
        raise Failure(f"{len(missing)} rows did not arrive within a second")
    late = sorted((receiver.arrived[number] - answered[number]) / 1e6 for number in answered)
    return {"p50_ms": statistics.median(late), "p99_ms": late[len(late) * 99 // 100],
            "max_ms": late[-1]}
