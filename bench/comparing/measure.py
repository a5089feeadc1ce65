# SPDX-License-Identifier: Apache-2.0
"""One sample: CPU time of a server's process tree per answer, under one scenario's load."""

import dataclasses
import statistics

from harness.load import run_load


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    connections: int
    pipeline: int


SCENARIOS = (Scenario("64 connections", 64, 1), Scenario("1024 connections", 1024, 1),
             Scenario("64 connections, pipelined x16", 64, 16))


@dataclasses.dataclass(frozen=True)
class Sample:
    round: int
    scenario: str
    server: str
    answers: int
    cpu_us_per_request: float
    answers_per_second: float
    p50_us: float
    p99_us: float


def measure(build, server, scenario, round_number, seconds, cpu):
    """Drives the load, reads the CPU clock before and after, and leaves no log behind."""
    before = server.process.cpu_seconds()
    result = run_load(build, server.url, connections=scenario.connections,
                      pipeline=scenario.pipeline, seconds=seconds, cpu=cpu, browser=True)
    used = server.process.cpu_seconds() - before
    server.discard_logs()
    result.require_clean(f"{server.name}, {scenario.name}")
    return Sample(round_number, scenario.name, server.name, result.answered,
                  used * 1e6 / result.answered, result.answered / result.seconds,
                  result.latency_us("p50"), result.latency_us("p99"))


def run_rounds(build, servers, rounds, seconds, cpu, tell):
    """Every server in every scenario, `rounds` times, the order turned by one each time: what the
    machine does to one of them it does to all."""
    samples = []
    for number in range(rounds):
        turn = number % len(servers)
        order = servers[turn:] + servers[:turn]
        for scenario in SCENARIOS:
            for server in order:
                sample = measure(build, server, scenario, number, seconds, cpu)
                tell(f"round {number + 1}/{rounds}  {scenario.name:30} {server.name:10} "
                     f"{sample.cpu_us_per_request:7.3f} us/request")
                samples.append(sample)
    return samples


def ratio(samples, scenario, server, base):
    """Median over the rounds of this server's cost to the base's in the same round."""
    cost = {(sample.round, sample.server): sample.cpu_us_per_request
            for sample in samples if sample.scenario == scenario}
    rounds = sorted({number for number, _ in cost})
    return statistics.median(cost[number, server] / cost[number, base] for number in rounds)


def median(samples, scenario, server, field):
    return statistics.median(getattr(sample, field) for sample in samples
                             if sample.scenario == scenario and sample.server == server)
