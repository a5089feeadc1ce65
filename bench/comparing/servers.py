# SPDX-License-Identifier: Apache-2.0
"""Our servers under comparison, and all of them in their order."""

from comparing.peers import H2o, Haproxy, Lighttpd, Nginx
from comparing.server import PATH, Server
from harness.edge import EdgeConfig, start_edge
from harness.process import program, run


class Bare(Server):
    name = "bare"

    def start(self):
        self.launch([program(self.build, "bare-responder"), "--port", self.port])

    def describe(self):
        return "bench/bare: no parsing, no log"


class Edge(Server):
    name = "pixel-edge"
    backend = "auto"
    durability = "process"

    def start(self):
        config = EdgeConfig(self.place, port=self.port, paths=[PATH], workers=1,
                            backend=self.backend, durability=self.durability)
        self.spool = config.spool
        self.process = start_edge(self.build, config, cpu=self.cpu)

    def logged_fields(self):
        return 33  # tests/integration counts them.

    def discard_logs(self):
        for path in (self.spool / "sealed").iterdir():
            path.unlink(missing_ok=True)

    def describe(self):
        return run([program(self.build, "pixel-edge"), "--version"]).stdout.strip()


class EpollEdge(Edge):
    name = "edge-epoll"
    backend = "epoll"


BASE = (Bare, Edge, Nginx)
ALL = (Bare, Edge, EpollEdge, Nginx, H2o, Lighttpd, Haproxy)
