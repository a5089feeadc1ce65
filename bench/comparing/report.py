# SPDX-License-Identifier: Apache-2.0
"""What was measured, for people and for machines, with the machine it was measured on."""

import dataclasses
import os
import pathlib
import platform

from comparing.clients import client_versions
from comparing.goals import PERCENTILES
from comparing.measure import median, ratio


def describe_machine():
    model, memory = "", ""
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name") and not model:
            model = line.partition(":")[2].strip()
    for line in pathlib.Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("MemTotal"):
            memory = line.split()[1]
    return {"cpu": model, "cores": os.cpu_count(), "memory_kib": int(memory or 0),
            "kernel": platform.release(), "load_average_before": os.getloadavg()[0]}


def summarise(samples, servers, scenarios):
    """One row per scenario and server."""
    rows = []
    for scenario in scenarios:
        for server in servers:
            name = server.name

            def middle(read, scenario=scenario, name=name):
                return median(samples, scenario.name, name, read)
            rows.append({
                "scenario": scenario.name, "server": name,
                "cpu_us_per_request": middle(lambda sample: sample.cpu_us_per_request),
                "user_us_per_request": middle(lambda sample: sample.user_us_per_request),
                "client_cpu_us": middle(lambda sample: sample.client_cpu_us_per_request),
                "ratio_to_bare": ratio(samples, scenario.name, name, "bare"),
                "ratio_to_nginx": ratio(samples, scenario.name, name, "nginx"),
                "answers_per_second": middle(lambda sample: sample.answers_per_second),
                **{percentile: middle(lambda sample, p=percentile: sample.latency(p))
                   for percentile in ("p90", *PERCENTILES)}})
    return rows


def cell(value, width, digits):
    return f"{'-':>{width}}" if value is None else f"{value:{width},.{digits}f}"


def print_table(rows, machine, rounds, seconds):
    print(f"\n{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, load average "
          f"{machine['load_average_before']:.2f} before")
    print(f"medians of {rounds} interleaved rounds of {seconds:g} s; server on one core, client on "
          "another\n")
    print(f"{'scenario':31}{'server':12}{'us/request':>11}{'user':>7}{'to bare':>9}{'to nginx':>10}"
          f"{'requests/s':>12}{'p50 us':>9}{'p99 us':>9}{'p99.9':>9}{'p99.99':>9}{'client us':>11}")
    previous = None
    for row in rows:
        scenario = row["scenario"] if row["scenario"] != previous else ""
        previous = row["scenario"]
        print(f"{scenario:31}{row['server']:12}" + cell(row["cpu_us_per_request"], 11, 3) +
              cell(row["user_us_per_request"], 7, 2) + cell(row["ratio_to_bare"], 9, 2) +
              cell(row["ratio_to_nginx"], 10, 2) + cell(row["answers_per_second"], 12, 0) +
              cell(row["p50"], 9, 0) + cell(row["p99"], 9, 0) + cell(row["p99_9"], 9, 0) +
              cell(row["p99_99"], 9, 0) + cell(row["client_cpu_us"], 11, 2))


def failed_lines(failures, rounds):
    """One line per server and scenario: how many of its samples failed, and why the first did."""
    grouped = {}
    for failed in failures:
        grouped.setdefault((failed.server, failed.scenario), []).append(failed)
    return [f"{server}, {scenario}: {len(group)} of {rounds} samples failed: {group[0].why}"
            for (server, scenario), group in grouped.items()]


def as_json(rows, goals, machine, samples, servers, rounds, seconds):
    return {"format": 2, "machine": machine, "rounds": rounds, "seconds": seconds,
            "servers": {server.name: server.describe() for server in servers},
            "clients": client_versions(), "rows": rows, "goals": goals,
            "samples": [dataclasses.asdict(sample) for sample in samples]}
