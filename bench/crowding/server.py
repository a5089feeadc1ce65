# SPDX-License-Identifier: Apache-2.0
"""pixel-edge as the crowds meet it: pinned to one CPU, log on, in a directory of its own."""

import math
import os
import urllib.request

from harness.edge import EdgeConfig, start_edge
from harness.load import OPEN_LOOP_WARMUP_SECONDS, browser_url, run_load
from harness.process import process_cpu_seconds

REQUEST_BYTES = 531  # What a browser sends for a pixel, with its headers.
PATH = "/p.gif"
GOOD_CONNECTIONS = 64
# Of a worker: ring, segments, the listeners of all workers, its share of the good connections.
SPARE_DESCRIPTORS = 400
SPREAD = 6  # Standard deviations by which one worker may get more connections than the average.
CONNECTIONS_MAX = 1_000_000  # The setting's own limit.


def workers_for(connections, descriptors):
    """Workers that hold so many, when the kernel spreads connections over them by hash."""
    workers = 1
    while True:
        share = connections / workers
        spread = SPREAD * math.sqrt(share) if workers > 1 else 0
        if share + spread + SPARE_DESCRIPTORS <= min(descriptors, CONNECTIONS_MAX):
            return workers
        workers += 1


class Edge:
    def __init__(self, build, place, cpu, **config):
        self.build = build
        self.cpu = cpu
        self.config = EdgeConfig(place, paths=[PATH], **config)
        self.process = None
        self.url = None

    def open(self):
        self.process = start_edge(self.build, self.config, cpu=self.cpu)
        self.url = browser_url(self.build, self.config.port, PATH, REQUEST_BYTES)
        return self

    def load(self, seconds, cpu, connections=GOOD_CONNECTIONS, rate=None):
        """pixel-load's result, and the CPU seconds that the edge used meanwhile."""
        before = self.process.cpu_seconds()
        result = run_load(self.build, self.url, connections=connections, seconds=seconds,
                          rate=rate, cpu=cpu, browser=True,
                          warmup=OPEN_LOOP_WARMUP_SECONDS if rate else None)
        used = self.process.cpu_seconds() - before
        self.discard_logs()
        return result, used

    def put_workers_first(self):
        """Where all its threads came to life in the real-time class: the workers stay there, and
        are not held up by those who prepare segments. After a warm-up: workers are who worked."""
        tasks = f"{self.process.pid}/task"
        threads = sorted(os.listdir(f"/proc/{tasks}"), reverse=True,
                         key=lambda thread: process_cpu_seconds(f"{tasks}/{thread}"))
        for thread in threads[self.config.workers:]:
            os.sched_setscheduler(int(thread), os.SCHED_OTHER, os.sched_param(0))

    def discard_logs(self):
        for path in (self.config.spool / "sealed").iterdir():
            path.unlink(missing_ok=True)

    def metric(self, name):
        """Sum over the workers."""
        with urllib.request.urlopen(f"{self.config.admin_url}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines
                   if line.startswith((name + "{", name + " ")))

    def stop(self):
        if self.process:
            self.process.stop()
