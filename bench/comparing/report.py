# SPDX-License-Identifier: Apache-2.0
"""What was measured, for people and for machines, with the machine it was measured on."""

import dataclasses
import os
import pathlib
import platform

from comparing.measure import SCENARIOS, median, ratio


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


def summarise(samples, servers):
    """One row per scenario and server."""
    rows = []
    for scenario in (scenario.name for scenario in SCENARIOS):
        for server in servers:
            name = server.name
            rows.append({
                "scenario": scenario, "server": name,
                "cpu_us_per_request": median(samples, scenario, name, "cpu_us_per_request"),
                "ratio_to_bare": ratio(samples, scenario, name, "bare"),
                "ratio_to_nginx": ratio(samples, scenario, name, "nginx"),
                "answers_per_second": median(samples, scenario, name, "answers_per_second"),
                "p50_us": median(samples, scenario, name, "p50_us"),
                "p99_us": median(samples, scenario, name, "p99_us")})
    return rows


def print_table(rows, machine, rounds, seconds):
    print(f"\n{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, load average "
          f"{machine['load_average_before']:.2f} before")
    print(f"medians of {rounds} interleaved rounds of {seconds:g} s; server on one core, client on "
          "another\n")
    print(f"{'scenario':31}{'server':12}{'us/request':>11}{'to bare':>9}{'to nginx':>10}"
          f"{'requests/s':>12}{'p50 us':>9}{'p99 us':>9}")
    previous = None
    for row in rows:
        scenario = row["scenario"] if row["scenario"] != previous else ""
        previous = row["scenario"]
        print(f"{scenario:31}{row['server']:12}{row['cpu_us_per_request']:11.3f}"
              f"{row['ratio_to_bare']:9.2f}{row['ratio_to_nginx']:10.2f}"
              f"{row['answers_per_second']:12,.0f}{row['p50_us']:9.0f}{row['p99_us']:9.0f}")


def as_json(rows, machine, samples, servers, rounds, seconds):
    return {"format": 1, "machine": machine, "rounds": rounds, "seconds": seconds,
            "servers": {server.name: server.describe() for server in servers},
            "rows": rows, "samples": [dataclasses.asdict(sample) for sample in samples]}
