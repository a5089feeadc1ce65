# SPDX-License-Identifier: Apache-2.0
"""The rounds of bench/durability: an edge whose answers wait for the page cache, one whose answers
wait for the disk, and between them the disk alone."""

import dataclasses
import os
import pathlib
import statistics
import time

from comparing.measure import Scenario, measure
from comparing.servers import Edge

APPEND_BYTES = 4096
# With a latency of L a rate needs rate times L connections; few of them would measure that.
SCENARIOS = tuple(
    Scenario(f"open loop, {rate:,}/s", connections, rate=rate, timeout="60s")
    for rate, connections in ((1_000, 256), (10_000, 1024), (100_000, 1024))
) + (Scenario("closed loop, 4096 connections", 4096, timeout="60s"),)


class ProcessEdge(Edge):
    name = durability = "process"


class DiskEdge(Edge):
    name = durability = "disk"


@dataclasses.dataclass(frozen=True)
class BareSync:
    """What one fdatasync after an append took, on the file system of the logs."""
    round: int
    scenario: str
    p50_us: float
    p99_us: float


def sync_alone(place, seconds, round_number, scenario):
    path = pathlib.Path(place) / "appended"
    taken = []
    with open(path, "wb", buffering=0) as file:
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(taken) < 20:
            file.write(bytes(APPEND_BYTES))
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - begin) * 1e6)
    path.unlink()
    taken.sort()
    return BareSync(round_number, scenario, statistics.median(taken), taken[len(taken) * 99 // 100])


def run_rounds(arguments, place, servers, tell):
    """Samples and bare syncs. In each round each scenario meets both servers, in an order that
    turns, with the disk alone before each: what others do to the disk they do to all of them."""
    samples, syncs = [], []
    for number in range(arguments.rounds):
        order = servers if number % 2 == 0 else servers[::-1]
        for scenario in SCENARIOS:
            for server in order:
                syncs.append(sync_alone(place, arguments.seconds / 4, number, scenario.name))
                sample = measure(arguments.build, server, scenario, number, arguments.seconds,
                                 arguments.client_cpu)
                samples.append(sample)
                tell(f"round {number + 1}/{arguments.rounds}  {scenario.name:31} {server.name:8} "
                     f"{sample.answers_per_second:11,.0f}/s  p50 {sample.latency('p50'):9,.0f} us, "
                     f"fdatasync {syncs[-1].p50_us:7,.0f} us")
    return samples, syncs
