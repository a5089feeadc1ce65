# SPDX-License-Identifier: Apache-2.0
"""The rows and goals of bench/durability. `added` is what a latency is longer than with `process`
in the same round; `syncs` is that by the bare fdatasync of the same round and scenario."""

import dataclasses
import statistics

from comparing.goals import Goal
from comparing.measure import median, ratio
from comparing.report import cell
from durable.rounds import SCENARIOS

THROUGHPUT = 0.8
# A line that comes while another group is being written waits for the rest of that one too: half of
# it on average. Alone, one sync is all.
SYNCS = 1.5
RATE_HELD = 0.95


def added(samples, scenario, percentile):
    """By round. Not of rounds in which `process` did not hold the rate: what is waited for then is
    the machine."""
    of_round = {(sample.round, sample.server): sample
                for sample in samples if sample.scenario == scenario.name}
    more_us = {}
    for number in sorted({number for number, _ in of_round}):
        process, disk = of_round[number, "process"], of_round[number, "disk"]
        if not scenario.rate or process.answers_per_second >= RATE_HELD * scenario.rate:
            more_us[number] = disk.latency(percentile) - process.latency(percentile)
    return more_us


def bare_sync(syncs, scenario, number):
    return statistics.mean(sync.p50_us for sync in syncs
                           if sync.scenario == scenario and sync.round == number)


def added_syncs(samples, syncs, scenario, percentile):
    figures = [more_us / bare_sync(syncs, scenario.name, number)
               for number, more_us in added(samples, scenario, percentile).items()]
    return statistics.median(figures) if figures else None


def summarise(samples, syncs):
    rows = []
    for scenario in SCENARIOS:
        name = scenario.name
        rate = {server: median(samples, name, server, lambda sample: sample.answers_per_second)
                for server in ("process", "disk")}
        own = [sync for sync in syncs if sync.scenario == name]
        row = {"scenario": name, "process_per_second": rate["process"],
               "disk_per_second": rate["disk"],
               "ratio": ratio(samples, name, "disk", "process", "answers_per_second"),
               "cpu_ratio": ratio(samples, name, "disk", "process"),
               "sync_p50_us": statistics.median(sync.p50_us for sync in own),
               "sync_p99_us": statistics.median(sync.p99_us for sync in own)}
        for percentile in ("p50", "p99"):
            row[f"{percentile}_us"] = median(
                samples, name, "disk", lambda sample, p=percentile: sample.latency(p))
            more_us = added(samples, scenario, percentile).values()
            row[f"added_{percentile}_us"] = statistics.median(more_us) if more_us else None
        row["added_p50_syncs"] = added_syncs(samples, syncs, scenario, "p50")
        rows.append(row)
    return rows


def goals(syncs):
    """To be judged by the samples."""
    wanted = []
    for scenario in SCENARIOS:
        wanted.append(Goal(
            f"{scenario.name}: requests/s, disk to process", THROUGHPUT,
            lambda samples, name=scenario.name: ratio(samples, name, "disk", "process",
                                                      "answers_per_second"), at_least=True))
        if scenario.rate:
            wanted.append(Goal(
                f"{scenario.name}: added p50 in bare fdatasyncs", SYNCS,
                lambda samples, scenario=scenario: added_syncs(samples, syncs, scenario, "p50")))
    return tuple(wanted)


def print_table(rows, machine, rounds, seconds):
    print(f"\n{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, load average "
          f"{machine['load_average_before']:.2f} before")
    print(f"medians of {rounds} interleaved rounds of {seconds:g} s; server on one core, client on "
          "another; added: to the latency with `process`\n")
    print(f"{'scenario':31}{'process/s':>11}{'disk/s':>10}{'ratio':>7}{'CPU':>6}{'p50 us':>11}"
          f"{'added':>11}{'p99 us':>11}{'added':>11}{'fdatasync p50':>15}{'p99':>11}{'syncs':>7}")
    for row in rows:
        print(f"{row['scenario']:31}" + cell(row["process_per_second"], 11, 0) +
              cell(row["disk_per_second"], 10, 0) + cell(row["ratio"], 7, 2) +
              cell(row["cpu_ratio"], 6, 2) + cell(row["p50_us"], 11, 0) +
              cell(row["added_p50_us"], 11, 0) + cell(row["p99_us"], 11, 0) +
              cell(row["added_p99_us"], 11, 0) + cell(row["sync_p50_us"], 15, 0) +
              cell(row["sync_p99_us"], 11, 0) + cell(row["added_p50_syncs"], 7, 2))


def as_json(rows, verdicts, machine, samples, syncs, arguments):
    return {"format": 1, "machine": machine, "rounds": arguments.rounds,
            "seconds": arguments.seconds, "rows": rows, "goals": verdicts,
            "samples": [dataclasses.asdict(sample) for sample in samples],
            "syncs": [dataclasses.asdict(sync) for sync in syncs]}
