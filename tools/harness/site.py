# SPDX-License-Identifier: Apache-2.0
"""An edge and a shipper with one spool in one directory: started, asked, stopped together."""

import json
import os
import pathlib

from harness.edge import EdgeConfig, make_edge
from harness.process import Failure, free_port, program, run
from harness.shipper import ShipperConfig, drain, make_shipper, query


class Site:
    """Change the two configurations before start()."""

    def __init__(self, place, build):
        self.place = pathlib.Path(place)
        self.build = pathlib.Path(build)
        self.edge_config = EdgeConfig(self.place)
        self.shipper_config = ShipperConfig(self.place, self.edge_config.spool)
        self.edge = None
        self.shipper = None

    def prefer_ports(self, port, edge_admin, shipper_admin):
        """Takes these where they are free; returns those that are not."""
        wanted = (port, edge_admin, shipper_admin)
        got = tuple(free_port(number) for number in wanted)
        self.edge_config.port, self.edge_config.admin_port = got[:2]
        self.shipper_config.admin_port = got[2]
        return [number for number, found in zip(wanted, got) if number != found]

    def start(self):
        self.edge = make_edge(self.build, self.edge_config).start()
        self.edge.wait_for_port(self.edge_config.port)
        self.shipper = make_shipper(self.build, self.shipper_config).start()
        self.shipper.wait_for_port(self.shipper_config.admin_port)

    def stop(self):
        """Edge first: it seals. Then the shipper."""
        for process in (self.edge, self.shipper):
            code = process.stop() if process and process.runs() else 0
            if code != 0:
                raise Failure(f"{process.name} ended with {code}:\n{process.last_words()}")

    def kill(self):
        for process in (self.edge, self.shipper):
            if process:
                process.kill()

    def drain(self):
        drain(self.build, self.shipper_config)

    def url(self, query_text=""):
        return f"http://127.0.0.1:{self.edge_config.port}{self.edge_config.paths[0]}{query_text}"

    def sql(self, sink, text):
        return query(self.build, self.shipper_config, sink, text)

    def count_rows(self, sink):
        return self.sql(sink, "select count(*) from requests")[0][0]

    def audit(self, drained=True, with_sinks=True):
        """(exit code, report) of the books from answers to sinks."""
        options = ["--drained"] if drained else []
        if with_sinks:
            options += ["--shipper-config", self.shipper_config.path]
        done = run([program(self.build, "pixel-log"), "audit", "--spool", self.edge_config.spool,
                    "--key", self.edge_config.key, *options], seconds=600, check=False)
        return done.returncode, done.stdout + done.stderr

    def count_lines(self):
        """Lines in all segments, as pixel-log reads them."""
        done = run([program(self.build, "pixel-log"), "audit", "--json", "--spool",
                    self.edge_config.spool], check=False)
        return json.loads(done.stdout)["logged"]

    def sealed_logs(self):
        return sorted((self.edge_config.spool / "sealed").glob("*.log"))

    def count_sealed(self):
        return len(list((self.edge_config.spool / "sealed").glob("*.manifest")))

    def unsealed(self):
        return sorted((self.edge_config.spool / "active").glob("*.seg"))

    def dead_letters(self):
        return sorted(path for path in self.shipper_config.state.rglob("*dead*") if path.is_file())

    def shown(self, name):
        """A program's path as a person would type it."""
        return os.path.relpath(program(self.build, name))
