# SPDX-License-Identifier: Apache-2.0
"""pixel-load: a run to its end, a run in the background, and the report of either."""

import dataclasses
import json
import pathlib

from harness.process import Failure, Process, program, run


# An open loop's first requests are due while its connections are still being opened.
OPEN_LOOP_WARMUP_SECONDS = 0.25


@dataclasses.dataclass(frozen=True)
class LoadResult:
    report: dict

    @property
    def answered(self):
        """Complete answers received, of any status."""
        return self.report["answered_total"]

    @property
    def answered_2xx(self):
        return self.report["answered_by_class"]["2xx"]

    @property
    def seconds(self):
        return self.report["seconds"]

    def latency_us(self, percentile):
        """Of "p50", "p99" and so on."""
        return self.report["latency_us"][percentile]

    def require_clean(self, what):
        """Every request got a 2xx answer in full."""
        faults = {name: self.report[name] for name in
                  ("connect_errors", "connections_lost", "timeouts", "malformed", "unanswered")}
        faults["not 2xx"] = self.answered - self.answered_2xx
        wrong = {name: count for name, count in faults.items() if count}
        if wrong or not self.answered:
            raise Failure(f"{what}: {self.answered} answers, {wrong or 'no fault counted'}")


def load_command(build, urls, *, connections=16, seconds=None, requests=None, rate=None, pipeline=1,
                 headers=(), browser=False, cpu=None, ids=None, method=None,
                 timeout=None, stop_wait=None, threads=1, warmup=None):
    """`warmup`: seconds before `seconds` that latencies and rate omit."""
    if warmup and seconds:
        seconds += warmup
    command = [program(build, "pixel-load"), "-c", connections, "--json", "--threads", threads]
    for option, value in (("-d", f"{seconds * 1000:.0f}ms" if seconds else None),
                          ("-n", requests), ("--rate", rate), ("--pipeline", pipeline),
                          ("--cpus", cpu), ("--ids", ids), ("--method", method),
                          ("--timeout", timeout), ("--stop-wait", stop_wait),
                          ("--warmup", f"{warmup * 1000:.0f}ms" if warmup else None)):
        if value is not None:
            command += [option, value]
    for header in headers:
        command += ["-H", header]
    urls = [urls] if isinstance(urls, str) else urls
    return command + (["--browser"] if browser else []) + urls


def run_load(build, urls, **options):
    """Runs to its end; `urls` is one or a list, which connections take in turn."""
    seconds = options.get("seconds") or 60
    done = run(load_command(build, urls, **options), seconds=seconds + 60)
    return LoadResult(json.loads(done.stdout))


class BackgroundLoad:
    """Runs until stop(), which returns its report."""

    def __init__(self, build, url, place, **options):
        self.output = pathlib.Path(place) / "load.json"
        command = load_command(build, url, **options)
        self.process = Process("pixel-load", command, pathlib.Path(place) / "load.log",
                               output=self.output).start()

    def stop(self):
        self.process.stop()
        text = self.output.read_text(encoding="utf-8")
        if not text.strip():
            raise Failure(f"pixel-load left no report:\n{self.process.last_words()}")
        return LoadResult(json.loads(text))


def browser_url(build, port, path, size):
    """A URL for which a --browser request has exactly `size` bytes; asks a server that answers."""
    def url(padding):
        return f"http://127.0.0.1:{port}{path}?a=1&b=2&c=3&d=" + "x" * padding
    bare = run_load(build, url(1), connections=1, requests=1, browser=True)
    padding = size - bare.report["bytes_sent"] + 1
    if padding < 1:
        raise Failure(f"a browser's request has more than {size} bytes already")
    return url(padding)
