# SPDX-License-Identifier: Apache-2.0
"""How the fault test sees, while edge and shipper run, what each has done."""

import json
import re
import time
import urllib.request

from harness.process import Failure

POLL_S = 0.05
PATIENCE_S = 90.0  # Then it is not late but gone.


def read(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode("utf-8")


def count(config, metric):
    """The sum of a family."""
    text = read(config.admin_url + "/metrics")
    return sum(int(value) for value in
               re.findall(rf"^{metric}(?:\{{[^}}]*\}})? (\d+)$", text, re.MULTILINE))


class Watch:
    """What edge and shipper say of themselves; the shipper stays the process that it was."""

    def __init__(self, site):
        self.site = site
        self.pid = site.shipper.pid

    def edge(self, metric):
        return count(self.site.edge_config, metric)

    def sinks(self):
        for process in (self.site.edge, self.site.shipper):
            if not process.runs():
                raise Failure(f"{process.name} exited with {process.child.returncode}:\n"
                              f"{process.last_words()}")
        assert self.site.shipper.pid == self.pid
        status = json.loads(read(self.site.shipper_config.admin_url + "/status"))
        return {sink["name"]: sink for sink in status["sinks"]}

    def failures(self):
        """How often each sink, and the edge, could not."""
        counts = {name: sink["retries"] for name, sink in self.sinks().items()}
        return {**counts, "edge": self.edge("pixel_edge_lines_refused_total")}

    def wait_for(self, lines):
        """Seconds until each sink has so many lines and the edge logs again."""
        began, took = time.monotonic(), {}
        while True:
            elapsed = time.monotonic() - began
            sinks = self.sinks()
            for name, sink in sinks.items():
                if sink["delivered"] >= lines:
                    took.setdefault(name, elapsed)
            if self.edge("pixel_edge_lines_total") > lines:
                took.setdefault("edge", elapsed)
            if len(took) > len(sinks):
                return took
            if elapsed > PATIENCE_S:
                behind = {name: (sink["delivered"], sink.get("last_error"))
                          for name, sink in sinks.items() if name not in took}
                raise Failure(f"{PATIENCE_S:g} s after the fault's end these do not have "
                              f"{lines} lines: {behind}")
            time.sleep(POLL_S)
