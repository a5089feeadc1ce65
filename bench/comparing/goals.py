# SPDX-License-Identifier: Apache-2.0
"""What a request may cost, as goals: each names its figure, takes it from the samples, and says
whether it is met. A figure that was not measured is said to be missing, never met."""

import dataclasses
import typing

from comparing.measure import (CLOSED_64, CLOSED_1024, PIPELINED, WRK_64, latency_ratio, median,
                               ratio)

EDGE, EPOLL, BARE, NGINX = "pixel-edge", "edge-epoll", "bare", "nginx"
PERCENTILES = ("p50", "p99", "p99_9", "p99_99")


# The kernel counts user time in ticks (4 ms and more): less than this says nothing.
USER_SECONDS_MIN = 0.2


@dataclasses.dataclass(frozen=True)
class Goal:
    text: str
    limit: float  # None: the figure is stated, and neither met nor short.
    read: typing.Callable  # Samples -> figure, or None.
    at_least: bool = False  # Else at most.
    strict: bool = False  # The limit itself does not do.

    def is_met(self, figure):
        if figure is None:
            return False
        if self.limit is None:
            return True
        if self.strict and figure == self.limit:
            return False
        return figure >= self.limit if self.at_least else figure <= self.limit


def stated(text, read):
    return Goal(text, None, read)


def cost(scenario, server, base, limit):
    return Goal(f"{scenario.name}: CPU/request, {server} to {base}", limit,
                lambda samples: ratio(samples, scenario.name, server, base))


def user_time(scenario, limit_us):
    """Of all rounds together."""
    def read(samples):
        own = [sample for sample in samples
               if sample.scenario == scenario.name and sample.server == EDGE]
        answers = sum(sample.answers for sample in own)
        used_us = sum(sample.user_us_per_request * sample.answers for sample in own)
        return used_us / answers if used_us >= USER_SECONDS_MIN * 1e6 else None
    return Goal(f"{scenario.name}: user us/request of {EDGE}", limit_us, read)


def per_cpu_second(scenario, base, limit):
    """Requests per CPU second are the inverse of what one costs."""
    return Goal(f"{scenario.name}: requests per CPU second, {EDGE} to {base}", limit,
                lambda samples: ratio(samples, scenario.name, base, EDGE), at_least=True)


def client_cost(limit):
    """wrk's CPU per answer to pixel-load's, of the same server."""
    def read(samples):
        wrk = median(samples, WRK_64.name, BARE, lambda sample: sample.client_cpu_us_per_request)
        ours = median(samples, CLOSED_64.name, BARE,
                      lambda sample: sample.client_cpu_us_per_request)
        return wrk / ours if wrk and ours else None
    return Goal("requests per client CPU second, pixel-load to wrk", limit, read, at_least=True)


CLOSED_GOALS = (
    cost(CLOSED_64, EDGE, BARE, 1.10), cost(CLOSED_1024, EDGE, BARE, 1.10),
    cost(WRK_64, EDGE, NGINX, 0.55), cost(CLOSED_64, EDGE, NGINX, 0.40),
    cost(CLOSED_1024, EDGE, NGINX, 0.40),
    cost(CLOSED_64, EDGE, "h2o", 0.65), cost(CLOSED_1024, EDGE, "h2o", 0.65),
    cost(CLOSED_64, EDGE, "lighttpd", 0.65), cost(CLOSED_1024, EDGE, "lighttpd", 0.65),
    user_time(CLOSED_64, 0.350), user_time(CLOSED_1024, 0.350),
    cost(CLOSED_64, EPOLL, EDGE, 1.10), cost(CLOSED_1024, EPOLL, EDGE, 1.10),
    per_cpu_second(PIPELINED, NGINX, 10.0), client_cost(1.3))


def open_loop_goals(scenario):
    """At half of the saturation rate: no later than the kernel's limit, and before nginx."""
    goals = []
    for name in PERCENTILES:
        for base, limit in ((BARE, 1.10), (NGINX, 1.0)):
            goals.append(Goal(
                f"{scenario.name}: {name}, {EDGE} to {base}", limit,
                lambda samples, base=base, name=name: latency_ratio(samples, scenario.name, EDGE,
                                                                    base, name),
                strict=base == NGINX))
    return tuple(goals)


def judge(goals, samples):
    """Rows for the report."""
    rows = []
    for goal in goals:
        figure = goal.read(samples)
        rows.append({"goal": goal.text, "figure": figure, "limit": goal.limit,
                     "at_least": goal.at_least, "met": goal.is_met(figure)})
    return rows


def line_of(row):
    figure = "missing" if row["figure"] is None else f"{row['figure']:.3f}"
    if row["limit"] is None:
        return f"{row['goal']:70}{figure:>9}{'':10}  stated"
    sign = ">=" if row["at_least"] else "<="
    return (f"{row['goal']:70}{figure:>9}{sign:>4}{row['limit']:6.2f}  "
            f"{'met' if row['met'] else 'SHORT'}")


def print_goals(rows):
    """By part where rows name theirs; what is only stated counts as neither met nor short."""
    print(f"\n{'goal':70}{'figure':>9}{'limit':>10}  verdict")
    part = None
    for row in rows:
        if row.get("part") != part:
            part = row.get("part")
            print(f"-- {part}")
        print(line_of(row))
    held = [row["met"] for row in rows if row["limit"] is not None]
    print(f"{sum(held)} met, {len(held) - sum(held)} short")
