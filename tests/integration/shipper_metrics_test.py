#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the shipper gives to Prometheus: promtool has nothing to complain about, each family has its
help and is in the operations guide or a sink's state, and the numbers are those of the books."""

import re
import shutil
import subprocess
import urllib.request

from support import get, main_of
from harness.process import wait_until

WANTED = ("delivered_rows_total", "delivered_bytes_total", "batches_total", "errors_total",
          "retries_total", "dead_letters_total", "lag_seconds", "lag_bytes", "lag_segments",
          "in_flight_batches", "window_batches", "delivery_latency_seconds",
          "ledger_residue_lines", "unresolved_intents", "reloads_refused_total",
          "spool_used_bytes", "spool_budget_bytes", "spool_fullness_level",
          "dropped_lines_total")


def scrape(site):
    url = site.shipper_config.admin_url + "/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def value(text, name, labels=""):
    match = re.search(rf"^{name}{re.escape(labels)} (\S+)$", text, re.M)
    assert match, f"no {name}{labels} in\n{text}"
    return float(match.group(1))


def check_promtool(text):
    if shutil.which("promtool") is None:
        print("no promtool here: the format is not checked by it")
        return
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0 and not done.stderr.strip(), done.stdout + done.stderr


def test(site):
    for number in range(50):
        site.send(get(f"/p.gif?a={number}"))
    sink = '{sink="duckdb"}'
    wait_until(lambda: value(scrape(site), "pixel_shipper_delivered_rows_total", sink) == 50, 20,
               "50 rows are delivered")
    text = scrape(site)
    check_promtool(text)
    families = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)
    helps = set(re.findall(r"^# HELP (\S+) \S", text, re.M))
    assert len(families) == len(set(families)) and {name for name, _ in families} == helps
    for name in WANTED:
        assert f"pixel_shipper_{name}" in helps, name
    for name, kind in families:
        assert name.endswith("_total") == (kind == "counter"), f"{name} is a {kind}"
    assert value(text, "pixel_shipper_ledger_residue_lines", sink) == 0
    assert value(text, "pixel_shipper_lag_segments", sink) == 0
    count = value(text, "pixel_shipper_delivery_latency_seconds_count", sink)
    assert count == value(text, "pixel_shipper_batches_total", sink) > 0
    last = '{sink="duckdb",le="+Inf"}'
    assert value(text, "pixel_shipper_delivery_latency_seconds_bucket", last) == count
    assert value(text, "pixel_shipper_spool_used_bytes") > 0
    print(f"{len(families)} families")


if __name__ == "__main__":
    main_of(test)
