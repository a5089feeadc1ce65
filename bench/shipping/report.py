# SPDX-License-Identifier: Apache-2.0
"""What the shipper's benchmark found, and its goals."""

import dataclasses
import statistics

# (job, ours, what, limit): MB/s of wall clock, MB/s of CPU time, CPU-s/GB.
FLOORS = (("raw lines to a file", "shipper raw", "MB/s", 500.0),
          ("33 fields to JSON lines", "shipper jsonl", "MB/s", 220.0),
          ("gzip objects to S3", "shipper s3 gzip", "MB per CPU second", 500.0))
CEILINGS = (("33 fields to JSON lines", "shipper jsonl", "CPU-s/GB", 3.0),)
# (job, ours, the other, at least so many times as fast).
RATIOS = (("DuckDB table", "shipper duckdb", "duckdb read_csv", 1.0),
          ("raw lines to a file", "shipper raw", "rsyslog raw", 1.0))


@dataclasses.dataclass(frozen=True)
class Backlog:
    samples: list  # (job, contestant, round, Run)
    megabytes: float
    lines: int

    def of(self, job, name):
        return {number: run for its, who, number, run in self.samples if (its, who) == (job, name)}

    def figure(self, job, name, what):
        """Median over the rounds; None where it was not run."""
        read = {"MB/s": lambda run: self.megabytes / run.seconds,
                "MB per CPU second": lambda run: self.megabytes / run.cpu_seconds,
                "CPU-s/GB": lambda run: run.cpu_seconds / self.megabytes * 1000,
                "rows/s": lambda run: self.lines / run.seconds,
                "peak MiB": lambda run: run.peak_mib}[what]
        values = [read(run) for run in self.of(job, name).values()]
        return statistics.median(values) if values else None

    def times_as_fast(self, job, ours, other):
        """By wall clock, median over the rounds of the ratio within one."""
        mine, its = self.of(job, ours), self.of(job, other)
        values = [its[number].seconds / mine[number].seconds for number in mine if number in its]
        return statistics.median(values) if values else None


def summarise(emptied):
    rows, seen = [], set()
    for job, name, _, _ in emptied.samples:
        if (job, name) in seen:
            continue
        seen.add((job, name))
        rows.append({"job": job, "program": name,
                     **{what: emptied.figure(job, name, what)
                        for what in ("MB/s", "rows/s", "CPU-s/GB", "peak MiB")}})
    return rows


def verdict(text, figure, limit, at_least):
    met = figure is not None and (figure >= limit if at_least else figure <= limit)
    return {"goal": text, "figure": figure, "limit": limit, "at_least": at_least, "met": met}


def judge(emptied, steady, late):
    rows = [verdict(f"{job}: {what}", emptied.figure(job, name, what), limit, True)
            for job, name, what, limit in FLOORS]
    rows += [verdict(f"{job}: {what}", emptied.figure(job, name, what), limit, False)
             for job, name, what, limit in CEILINGS]
    rows += [verdict(f"{job}: {ours} to {other}, times as fast",
                     emptied.times_as_fast(job, ours, other), limit, True)
             for job, ours, other, limit in RATIOS]
    if steady:
        rows.append(verdict(f"{steady['rate']:,} rows/s: share of a core",
                            steady["share_of_a_core"], 0.02, False))
        rows.append(verdict(f"{steady['rate']:,} rows/s: resident MiB", steady["resident_mib"],
                            32.0, False))
    if late:
        rows.append(verdict("answered to acknowledged, p99 ms", late["p99_ms"], 50.0, False))
    return rows


def print_all(rows, steady, late, verdicts, machine, arguments):
    print(f"\n{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, load average "
          f"{machine['load_average_before']:.2f} before")
    print(f"a backlog of {arguments.megabytes} MB, medians of {arguments.rounds} interleaved "
          "rounds; each program on one core\n")
    print(f"{'job':28}{'program':20}{'MB/s':>8}{'rows/s':>12}{'CPU-s/GB':>10}{'peak MiB':>10}")
    for row in rows:
        print(f"{row['job']:28}{row['program']:20}{row['MB/s']:8.0f}{row['rows/s']:12,.0f}"
              f"{row['CPU-s/GB']:10.2f}{row['peak MiB']:10.0f}")
    if steady:
        print(f"\nat {steady['rate']:,} rows/s to JSON lines: {steady['share_of_a_core']:.2%} of a "
              f"core, {steady['resident_mib']:.0f} MiB")
    if late:
        print(f"from the answer to the acknowledged row: p50 {late['p50_ms']:.1f} ms, "
              f"p99 {late['p99_ms']:.1f} ms, max {late['max_ms']:.1f} ms")
    print(f"\n{'goal':66}{'figure':>9}{'limit':>10}  verdict")
    for row in verdicts:
        figure = "missing" if row["figure"] is None else f"{row['figure']:.3f}"
        sign = ">=" if row["at_least"] else "<="
        print(f"{row['goal']:66}{figure:>9}{sign:>4}{row['limit']:6.2f}  "
              f"{'met' if row['met'] else 'SHORT'}")
    met = sum(row["met"] for row in verdicts)
    print(f"{met} met, {len(verdicts) - met} short")
