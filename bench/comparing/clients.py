# SPDX-License-Identifier: Apache-2.0
"""The load generators: pixel-load and wrk, as one kind of result."""

import dataclasses
import os
import re
import resource
import shutil
import subprocess

from harness.load import OPEN_LOOP_WARMUP_SECONDS, run_load
from harness.process import Failure, run

# What pixel-load --browser sends beside the request line and Host.
BROWSER_HEADERS = (
    "Connection: keep-alive",
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image",
    "Referer: https://shop.example/p/winter-jackets?page=2",
    "Accept-Encoding: gzip, deflate, br", "Accept-Language: en-US,en;q=0.9")


@dataclasses.dataclass(frozen=True)
class Answers:
    """What a client saw. Latencies are None where it cannot tell."""
    count: int  # All, those of the warm-up too.
    per_second: float
    client_cpu_us: float  # Per answer.
    latency_us: dict


def drive_pixel_load(build, server, scenario, seconds, cpu):
    result = run_load(build, server.url, connections=scenario.connections,
                      pipeline=scenario.pipeline, rate=scenario.rate, seconds=seconds, cpu=cpu,
                      browser=True, timeout=scenario.timeout,
                      warmup=OPEN_LOOP_WARMUP_SECONDS if scenario.rate else None)
    result.require_clean(f"{server.name}, {scenario.name}")
    return Answers(result.answered, result.report["rate"], result.report["cpu_us_per_answer"],
                   result.report["latency_us"])


def drive_wrk(_build, server, scenario, seconds, cpu):
    if not shutil.which("wrk"):
        raise Failure("wrk is not installed: tools/install_deps bench")
    headers = [word for header in BROWSER_HEADERS for word in ("-H", header)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(["wrk", "-t1", f"-c{scenario.connections}", f"-d{max(1, round(seconds))}s",
                *headers, server.url], seconds=seconds + 60,
               preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"(\d+) requests in ([\d.]+)s", done.stdout)
    wrong = re.search(r"Non-2xx|Socket errors", done.stdout)
    if not found or wrong:
        raise Failure(f"{server.name}, {scenario.name}:\n{done.stdout}{done.stderr}")
    used = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    count = int(found.group(1))
    return Answers(count, count / float(found.group(2)), used * 1e6 / count, {})


CLIENTS = {"pixel-load": drive_pixel_load, "wrk": drive_wrk}


def client_versions():
    """For the report."""
    text = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    return {"wrk": text.splitlines()[0] if text else "not installed"}
