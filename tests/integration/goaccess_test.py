#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GoAccess reads sealed segments, as they lie there, as CloudFront logs, and finds no invalid line.
GoAccess itself cuts lines at 4,096 bytes, so no line here is as long."""

import json
import shutil

import awkward
from support import main_of, skip
from harness.load import run_load
from harness.process import run

GOACCESS_LINE_BYTES = 4096


def test(site):
    goaccess = shutil.which("goaccess") or skip("goaccess is not installed")
    run_load(site.build, site.url("?a={rand:1000}&d={uuid}"), connections=8, seconds=1, rate=2000,
             browser=True).require_clean("load")
    for request in awkward.requests():
        if len(request) < GOACCESS_LINE_BYTES // 2:
            site.send(request)
    site.stop()
    logs = site.sealed_logs()
    report = site.place / "report.json"
    run([goaccess, *logs, "--log-format=CLOUDFRONT", "--no-global-config", "--no-progress",
         "-o", report])
    general = json.loads(report.read_text(encoding="utf-8"))["general"]
    lines = site.count_lines()
    print(f"{lines} lines in {len(logs)} segments: valid {general['valid_requests']}, "
          f"invalid {general['failed_requests']}")
    assert general["failed_requests"] == 0, "GoAccess refuses lines"
    assert general["valid_requests"] == lines > 2000


if __name__ == "__main__":
    main_of(test)
