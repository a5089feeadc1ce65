# SPDX-License-Identifier: Apache-2.0
"""An edge in a closed loop, alone and beside a shipper that never runs out of lines."""

import contextlib
import dataclasses
import os
import shutil
import signal
import statistics

from harness.edge import make_edge
from harness.load import browser_url, run_load
from harness.process import Failure
from harness.shipper import make_shipper
from harness.site import Site
from sharing.control_groups import Slice

EDGE, SHIPPER = "pixel-edge", "pixel-shipper"
PATH = "/p.gif"
REQUEST_BYTES = 531  # What a browser sends for a pixel, with its headers.
CONNECTIONS = 64
PIPELINE = 16  # Requests under way on each: then the edge is what is saturated, not the client.
SINK = ('[[sink]]\nname = "bench"\nkind = "file"\npath = "{place}/out"\nsync = false\n')
# Under full load it takes what its weight gives it, or more where the edge leaves some.
BUSY = 0.5


@dataclasses.dataclass(frozen=True)
class Sample:
    round: int
    kind: str  # "alone" or "beside"
    requests_per_second: float
    edge_share: float  # Of the CPU.
    edge_us_per_request: float
    shipper_share: float


class Pair:
    """Edge and shipper on one CPU and one spool, each in its control group; fresh for each round,
    so that the backlog stays small enough for the disk."""

    def __init__(self, arguments, place, weights):
        self.build, self.client_cpu = arguments.build, arguments.client_cpu
        self.weights = weights
        self.site = Site(place, arguments.build)
        self.site.shipper_config.sinks = SINK
        self.site.shipper_config.retention = False
        self.site.edge_config.paths = [PATH]
        self.edge = make_edge(self.build, self.site.edge_config, cpu=arguments.server_cpu)
        self.shipper = make_shipper(self.build, self.site.shipper_config, cpu=arguments.server_cpu)

    def start(self, groups):
        self.edge.start().wait_for_port(self.site.edge_config.port)
        self.shipper.start().wait_for_port(self.site.shipper_config.admin_port)
        groups.take(EDGE, self.edge.pid)
        groups.take(SHIPPER, self.shipper.pid)
        self.pause()
        self.url = browser_url(self.build, self.site.edge_config.port, PATH, REQUEST_BYTES)

    def pause(self):
        os.kill(self.shipper.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.shipper.pid, signal.SIGCONT)

    def load(self, seconds):
        return run_load(self.build, self.url, connections=CONNECTIONS, pipeline=PIPELINE,
                        seconds=seconds, cpu=self.client_cpu, browser=True)

    def sample(self, number, kind, seconds):
        before = [process.cpu_seconds() for process in (self.edge, self.shipper)]
        if kind == "beside":
            self.go_on()
        result = self.load(seconds)
        self.pause()
        result.require_clean(kind)
        edge, shipper = (process.cpu_seconds() - earlier
                         for process, earlier in zip((self.edge, self.shipper), before))
        return Sample(number, kind, result.answered / result.seconds, edge / result.seconds,
                      edge * 1e6 / result.answered, shipper / result.seconds)

    def require_full_load(self, sample):
        fair = self.weights[SHIPPER] / sum(self.weights.values())
        if sample.kind == "beside" and sample.shipper_share < BUSY * fair:
            raise Failure(f"the shipper used {sample.shipper_share:.2%} of the CPU, less than its "
                          f"weight gives it: it had nothing to do\n{self.shipper.last_words()}")

    def stop(self):
        for process in (self.edge, self.shipper):
            if process.child is None:
                continue
            with contextlib.suppress(ProcessLookupError):
                process.kill()  # A graceful end would deliver the whole backlog first.


def run_rounds(arguments, place, weights, tell):
    """Alone and beside take turns, the first of them too."""
    samples = []
    groups = Slice(weights)
    try:
        for number in range(arguments.rounds):
            where = place / f"round-{number}"
            where.mkdir()
            pair = Pair(arguments, where, weights)
            try:
                pair.start(groups)
                pair.load(arguments.warm_seconds)  # And the backlog.
                for kind in ("alone", "beside") if number % 2 == 0 else ("beside", "alone"):
                    sample = pair.sample(number, kind, arguments.seconds)
                    pair.require_full_load(sample)
                    tell(sample)
                    samples.append(sample)
            finally:
                pair.stop()
                shutil.rmtree(where, ignore_errors=True)
    finally:
        groups.close()
    return samples


def ratios(samples, figure):
    """Beside to alone, within each round."""
    by_kind = {(sample.round, sample.kind): getattr(sample, figure) for sample in samples}
    return [by_kind[number, "beside"] / by_kind[number, "alone"]
            for number, kind in by_kind if kind == "alone"]


def middle(samples, kind, figure):
    return statistics.median(getattr(sample, figure) for sample in samples if sample.kind == kind)
