# SPDX-License-Identifier: Apache-2.0
"""The charts of docs/PERFORMANCE.md, each from one result of the ledger."""

from drawing.svg import Axis, Line, chart, ticks_around

NAMES = {"pixel-edge": "pixel-edge", "bare": "minimal responder", "nginx": "nginx"}
# Where a percentile lies: each nine is as wide as the one before it.
PERCENTILES = (("p50", 0.5, "50"), ("p90", 0.1, "90"), ("p99", 0.01, "99"),
               ("p99_9", 0.001, "99.9"), ("p99_99", 0.0001, "99.99"))


def connections_of(row):
    return int(row["scenario"].split()[0])


def by_connections(result, field, scale=1.0):
    """A server whose samples all failed has no point there."""
    return tuple(Line(words, tuple(sorted((connections_of(row), row[field] * scale)
                                          for row in result["rows"]
                                          if row["server"] == name and row[field] is not None)))
                 for name, words in NAMES.items())


def connections_axis(lines):
    return Axis("busy keep-alive connections",
                tuple((x, f"{x:,}") for x, _ in lines[0].points))


def values_of(lines):
    return [y for line in lines for _, y in line.points]


def where(result, date):
    return f"{result['machine']['cpu']}, Linux {result['machine']['kernel'].split('-')[0]}, {date}"


def cost_by_connections(result, date):
    lines = by_connections(result, "cpu_us_per_request")
    return chart(f"CPU time of one logged request ({where(result, date)})", connections_axis(lines),
                 Axis("microseconds of the server's CPU", ticks_around(values_of(lines))), lines)


def throughput_by_connections(result, date):
    lines = by_connections(result, "answers_per_second", 1e-3)
    return chart(f"Requests answered by one core ({where(result, date)})", connections_axis(lines),
                 Axis("thousand requests per second", ticks_around(values_of(lines))), lines)


def latency_distribution(result, date):
    rows = {row["server"]: row for row in result["rows"] if row["scenario"].startswith("open loop")}
    lines = tuple(Line(words, tuple((1 / rest, rows[name][percentile])
                                    for percentile, rest, _ in PERCENTILES
                                    if rows[name].get(percentile)))
                  for name, words in NAMES.items() if name in rows)
    rate = next(iter(rows.values()))["scenario"].removeprefix("open loop, ")
    x_axis = Axis("percentile", tuple((1 / rest, words) for _, rest, words in PERCENTILES))
    return chart(f"Latency at intended times, {rate} ({where(result, date)})", x_axis,
                 Axis("microseconds", ticks_around(values_of(lines))), lines)
