# SPDX-License-Identifier: Apache-2.0
"""One measured run of a program to its end: wall clock, CPU of all its processes, peak memory."""

import dataclasses
import os
import subprocess
import time

from harness.process import Failure


@dataclasses.dataclass(frozen=True)
class Run:
    seconds: float
    cpu_seconds: float
    peak_mib: float


def run_measured(argv, cpu, environment=None, timeout=900):
    """On one CPU; a Failure with its output where it fails."""
    argv = [str(word) for word in argv]
    began = time.monotonic()
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})},
                             preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise Failure(f"exit {child.returncode}: {' '.join(argv)}\n"
                      f"{output.decode(errors='replace')[-2000:]}")
    if time.monotonic() - began > timeout:
        raise Failure(f"{argv[0]} took longer than {timeout} s")
    return Run(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
