#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGHUP to a shipper under load: a bad file is refused with all its errors and everything goes on;
sinks are added, removed and changed, a table's columns too; and no line is lost or doubled."""

import json
import os
import signal
import socket
import threading
import urllib.request

from support import get, main_of
from harness.edge import EdgeConfig, start_edge
from harness.process import program, run, wait_until
from harness.shipper import ShipperConfig, make_shipper

FILE_SINK = """
[[sink]]
name = "lines"
kind = "file"
path = "{place}/lines"
flush_age = "{age}"
"""


class Traffic:
    """Requests, each numbered, on one thread until it is told to end."""

    def __init__(self, port):
        self.port = port
        self.sent = 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            while not self.ending.is_set():
                request = get(f"/p.gif?a={self.sent}").replace(b"Connection: close\r\n", b"")
                connection.sendall(request)
                assert connection.recv(65536)
                self.sent += 1
                self.ending.wait(0.0005)

    def end(self):
        self.ending.set()
        self.thread.join()
        return self.sent


class Reloader:
    def __init__(self, build, config, shipper):
        self.build = build
        self.config = config
        self.shipper = shipper

    def metric(self, name):
        with urllib.request.urlopen(self.config.admin_url + "/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines()
                   if line.startswith(name) and line[len(name)] in " {")

    def reload(self, text, what="applied"):
        before = self.metric(f"pixel_shipper_reloads_{what}_total")
        self.config.path.write_text(text, encoding="utf-8")
        os.kill(self.shipper.pid, signal.SIGHUP)
        wait_until(lambda: self.metric(f"pixel_shipper_reloads_{what}_total") > before, 30,
                   f"the reload is {what}")

    def status(self):
        done = run([program(self.build, "pixel-shipper"), "status", "--json", "--config",
                    self.config.path], check=False)
        return json.loads(done.stdout)

    def sinks(self):
        return [sink["name"] for sink in self.status()["sinks"]]

    def said(self):
        return self.shipper.log.read_text(errors="replace")


def refuse_bad(reloader, text):
    reloader.reload(text.replace("[admin]", "[admni]").replace('kind = "lake"', 'kind = "lkae"'),
                    "refused")
    said = reloader.said()
    for part in ("unknown key; did you mean", "admni", "lkae", "settings not changed: 2 errors"):
        assert part in said, f"the log does not say '{part}':\n{said[-2000:]}"
    assert reloader.sinks() == ["duckdb", "lake"]
    reloader.reload("nonsense = [", "refused")
    reloader.config.path.write_text(text, encoding="utf-8")  # For the commands.


def change_everything(reloader, text, place):
    batches = reloader.metric("pixel_shipper_batches_total")
    reloader.reload(text)  # Nothing has changed: nobody notices.
    assert "no sink is touched" in reloader.said()
    assert reloader.metric("pixel_shipper_batches_total") >= batches, "a sink was restarted"
    added = text + FILE_SINK.format(place=place, age="20ms")
    reloader.reload(added)
    assert reloader.sinks() == ["duckdb", "lake", "lines"]
    assert "added lines" in reloader.said()
    reloader.reload(text + FILE_SINK.format(place=place, age="50ms"))
    assert "restarted lines" in reloader.said()
    # A column more: every sink gets new rows, the old ones stay.
    columns = added + '\n[[column]]\nname = "number"\nparam = "a"\ntype = "integer"\n'
    reloader.reload(columns)
    assert "restarted duckdb, lake, lines" in reloader.said()
    wait_until(lambda: reloader.status()["verdict"] == "fine", 30, "all is fine")
    reloader.reload(text.replace("[[sink]]", '[log]\nlevel = "debug"\n[[sink]]', 1)
                    .replace("[admin]\nlisten", '[admin]\n# moved\nlisten'))
    assert "removed lines" in reloader.said()
    assert reloader.sinks() == ["duckdb", "lake"]
    moved = text.replace(str(reloader.config.spool), "/elsewhere")
    reloader.reload(moved)
    assert "these wait for a restart: spool.path" in reloader.said()
    reloader.config.path.write_text(text, encoding="utf-8")


def test(build, place):
    edge_config = EdgeConfig(place, segment_bytes="1MiB")
    edge = start_edge(build, edge_config)
    config = ShipperConfig(place, edge_config.spool, flush_age="20ms")
    shipper = make_shipper(build, config).start()
    shipper.wait_for_port(config.admin_port)
    traffic = Traffic(edge_config.port)
    try:
        text = config.path.read_text(encoding="utf-8")
        reloader = Reloader(build, config, shipper)
        refuse_bad(reloader, text)
        change_everything(reloader, text, place)
    finally:
        sent = traffic.end()
        codes = edge.stop(), shipper.stop()
    assert codes == (0, 0), codes
    run([program(build, "pixel-shipper"), "run", "--once", "--config", config.path])
    audit = run([program(build, "pixel-log"), "audit", "--spool", edge_config.spool, "--key",
                 edge_config.key, "--shipper-config", config.path, "--drained"], check=False)
    assert audit.returncode == 0, audit.stdout
    for sink in ("duckdb", "lake"):
        rows = json.loads(run([program(build, "pixel-shipper"), "sql", "--config", config.path,
                               "--sink", sink,
                               "select count(*), count(distinct a) from requests"]).stdout)["rows"]
        assert rows == [[sent, sent]], f"{sink}: {rows}, {sent} sent"
    print(f"{sent} lines through 8 reloads: each is a row once")


if __name__ == "__main__":
    main_of(test, needs_site=False)
