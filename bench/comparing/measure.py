# SPDX-License-Identifier: Apache-2.0
"""One sample: CPU time of a server's process tree per answer, under one scenario's load."""

import dataclasses
import statistics

from comparing.clients import CLIENTS
from harness.process import Failure


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    connections: int
    pipeline: int = 1
    client: str = "pixel-load"
    rate: int = None  # Requests/s at intended times; None: closed loop.
    timeout: str = None  # Of an answer, as pixel-load takes it; None: pixel-load's own.


CLOSED_64 = Scenario("64 connections", 64)
CLOSED_1024 = Scenario("1024 connections", 1024)
PIPELINED = Scenario("64 connections, pipelined x16", 64, pipeline=16)
WRK_64 = Scenario("64 connections, wrk", 64, client="wrk")
SCENARIOS = (CLOSED_64, CLOSED_1024, PIPELINED, WRK_64)


@dataclasses.dataclass(frozen=True)
class Sample:
    round: int
    scenario: str
    server: str
    answers: int
    cpu_us_per_request: float
    user_us_per_request: float
    client_cpu_us_per_request: float
    answers_per_second: float
    latency_us: dict

    def latency(self, name):
        return self.latency_us.get(name)


@dataclasses.dataclass(frozen=True)
class FailedSample:
    """A peer's that did not answer all it was asked; its rows use the samples that remain."""
    round: int
    scenario: str
    server: str
    why: str


def measure(build, server, scenario, round_number, seconds, cpu):
    """Drives the load, reads the CPU clock before and after, and leaves no log behind."""
    before = server.process.cpu_times()
    answers = CLIENTS[scenario.client](build, server, scenario, seconds, cpu)
    user, system = (after - earlier
                    for after, earlier in zip(server.process.cpu_times(), before))
    server.discard_logs()
    return Sample(round_number, scenario.name, server.name, answers.count,
                  (user + system) * 1e6 / answers.count, user * 1e6 / answers.count,
                  answers.client_cpu_us, answers.per_second, answers.latency_us)


def measure_or_note(build, server, scenario, number, seconds, cpu, failures):
    """The sample, or None where a peer failed: then it is noted and the peer begins afresh. A
    failure of ours ends the run."""
    try:
        return measure(build, server, scenario, number, seconds, cpu)
    except Failure as failure:
        if failures is None or not server.is_peer:
            raise
        failures.append(FailedSample(number, scenario.name, server.name, str(failure)))
        server.restart()
        return None


def run_rounds(build, servers, scenarios, rounds, seconds, cpu, tell, failures=None):
    """Every server in every scenario, `rounds` times, the order turned by one each time: what the
    machine does to one of them it does to all. Peers' failed samples go to `failures`; without it
    they end the run."""
    samples = []
    for number in range(rounds):
        turn = number % len(servers)
        order = servers[turn:] + servers[:turn]
        for scenario in scenarios:
            for server in order:
                sample = measure_or_note(build, server, scenario, number, seconds, cpu, failures)
                cost = f"{sample.cpu_us_per_request:7.3f} us/request" if sample else " failed"
                tell(f"round {number + 1}/{rounds}  {scenario.name:30} {server.name:10} {cost}")
                samples += [sample] if sample else []
    return samples


def ratio(samples, scenario, server, base, field="cpu_us_per_request"):
    """Median over the rounds of this server's figure to the base's in the same round; None where
    one of them was not measured."""
    figures = {(sample.round, sample.server): getattr(sample, field)
               for sample in samples if sample.scenario == scenario}
    both = [(figures[number, server], figures[number, base])
            for number in sorted({number for number, _ in figures})
            if (number, server) in figures and (number, base) in figures]
    return statistics.median(one / other for one, other in both) if both else None


def latency_ratio(samples, scenario, server, base, percentile):
    """The same of a latency."""
    figures = {(sample.round, sample.server): sample.latency(percentile)
               for sample in samples if sample.scenario == scenario}
    both = [(figures[number, server], figures[number, base])
            for number in sorted({number for number, _ in figures})
            if (number, server) in figures and (number, base) in figures]
    return statistics.median(one / other for one, other in both) if both else None


def median(samples, scenario, server, read):
    """Of read(sample) over the rounds; None where it was not measured."""
    values = [read(sample) for sample in samples
              if sample.scenario == scenario and sample.server == server]
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None
