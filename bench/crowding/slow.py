# SPDX-License-Identifier: Apache-2.0
"""The rounds of bench/slow_clients: the good connections' latency alone, beside a crowd that
dribbles elsewhere, and beside one that dribbles to the same server."""

import dataclasses
import os
import pathlib
import statistics
import sys

from crowding.crowd import Crowd, Told
from harness.load import OPEN_LOOP_WARMUP_SECONDS
from harness.process import CLOCK_TICKS, free_port

PERCENTILES = ("p50", "p90", "p99", "p99_9", "p99_99", "max")
ALONE, ELSEWHERE, HERE = "no crowd", "crowd elsewhere", "crowd here"
PLACES = (ALONE, ELSEWHERE, HERE)
SINK = pathlib.Path(__file__).with_name("sink.py")


@dataclasses.dataclass(frozen=True)
class Sample:
    round: int
    place: str
    answers_per_second: float
    cpu_us_per_request: float
    server_cpu: float  # Of one CPU.
    stolen: float  # Of the machine's CPU time: what a hypervisor kept from it.
    latency_us: dict
    crowd: dict


class Rounds:
    """Owns the sink and the crowd of the moment."""

    def __init__(self, arguments, place, edge, tell):
        self.arguments = arguments
        self.place = place
        self.edge = edge
        self.tell = tell
        self.option = "--dribble-body" if arguments.bodies else "--dribble"
        self.running = []
        # Who is measured in the real-time class is before all else anyway, and then a crowd must
        # not starve behind what else runs here: it would be none.
        self.crowds_are_meek = not arguments.realtime

    def run(self):
        samples = []
        self.sink_port = free_port()
        sink = Told("sink", [sys.executable, SINK, self.sink_port, self.seconds_of_a_life()],
                    pathlib.Path(self.place) / "sink.log", cpu=self.arguments.client_cpu)
        sink.meek = self.crowds_are_meek
        self.running.append(sink.start())
        sink.wait_until_ready(10)
        for number in range(self.arguments.rounds):
            turn = number % len(PLACES)
            for where in PLACES[turn:] + PLACES[:turn]:
                samples.append(self.sample(number, where))
        return samples

    def seconds_of_a_life(self):
        """Until the edge ends a slow connection: its time, a second's rounding, the linger."""
        return self.arguments.timeout + 3

    def sample(self, number, where):
        crowd = self.gather(where)
        before = stolen_seconds()
        result, used = self.edge.load(self.arguments.seconds, self.arguments.client_cpu,
                                      rate=self.arguments.rate)
        seconds = self.arguments.seconds + OPEN_LOOP_WARMUP_SECONDS
        stolen = (stolen_seconds() - before) / (seconds * os.cpu_count())
        report = self.dismiss(crowd) if crowd else {}
        result.require_clean(where)
        latency = {name: result.latency_us(name) for name in PERCENTILES}
        sample = Sample(number, where, result.report["rate"], used * 1e6 / result.answered,
                        used / seconds, stolen, latency, report)
        self.tell(f"round {number + 1}/{self.arguments.rounds}  {where:16} "
                  f"p50 {latency['p50']:7.0f}  p99 {latency['p99']:7.0f}  "
                  f"p99.9 {latency['p99_9']:7.0f} us  server {sample.server_cpu:5.1%}  "
                  f"stolen {stolen:5.1%}")
        return sample

    def gather(self, where):
        if where == ALONE:
            return None
        port = self.edge.config.port if where == HERE else self.sink_port
        crowd = Crowd(self.arguments.build, self.place, port, self.arguments.crowd,
                      self.arguments.client_cpu, options=[self.option])
        crowd.meek = self.crowds_are_meek
        self.running.append(crowd.start())
        crowd.wait_until_ready(60)
        return crowd

    def dismiss(self, crowd):
        self.running.remove(crowd)
        return crowd.end()

    def stop(self):
        for process in reversed(self.running):
            process.stop()


def stolen_seconds():
    """Of all CPUs, since the boot."""
    first = pathlib.Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0]
    return int(first.split()[8]) / CLOCK_TICKS


def median(samples, where, value):
    return statistics.median(value(sample) for sample in samples if sample.place == where)


def median_ratio(samples, base, value):
    """Of "crowd here" to `base` within one round."""
    found = {(sample.round, sample.place): value(sample) for sample in samples}
    return statistics.median(found[number, HERE] / found[number, base]
                             for number, where in found if where == HERE)


def best_ratio(samples, base, value):
    """Of the best rounds: what else the machine does makes rounds worse, never better."""
    best = {where: min(value(sample) for sample in samples if sample.place == where)
            for where in (HERE, base)}
    return best[HERE] / best[base]


def summarise(samples):
    """Rows by what was measured: the three medians, and ratios."""
    values = {"cpu_us_per_request": lambda sample: sample.cpu_us_per_request,
              "server_cpu": lambda sample: sample.server_cpu}
    for name in PERCENTILES:
        values[name + "_us"] = lambda sample, name=name: sample.latency_us[name]
    return [{"what": what, **{where: median(samples, where, value) for where in PLACES},
             "ratio_to_elsewhere": median_ratio(samples, ELSEWHERE, value),
             "ratio_to_none": median_ratio(samples, ALONE, value),
             "best_to_elsewhere": best_ratio(samples, ELSEWHERE, value),
             "best_to_none": best_ratio(samples, ALONE, value)}
            for what, value in values.items()]


def print_table(rows):
    print(f"{'':20}" + "".join(f"{where:>17}" for where in PLACES) +
          f"{'to elsewhere':>15}{'to none':>9}{'best to e.':>12}{'to none':>9}")
    for row in rows:
        digits = 3 if row["what"] == "server_cpu" else 1
        print(f"{row['what']:20}" + "".join(f"{row[where]:17,.{digits}f}" for where in PLACES) +
              f"{row['ratio_to_elsewhere']:15.2f}{row['ratio_to_none']:9.2f}"
              f"{row['best_to_elsewhere']:12.2f}{row['best_to_none']:9.2f}")
