# SPDX-License-Identifier: Apache-2.0
"""One measured run of a program to its end: wall clock, CPU of all its processes, peak memory."""

import dataclasses
import os
import pathlib
import re
import select
import subprocess
import tempfile
import time

from harness.process import Failure


@dataclasses.dataclass(frozen=True)
class Run:
    seconds: float
    cpu_seconds: float
    peak_mib: float


def peak_so_far(pid):
    """In MiB; 0 once it has ended."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found.group(1)) / 1024 if found else 0.0


def peak_until_end(pid):
    """In MiB, looked at every 10 ms. The kernel's own maximum (ru_maxrss) would be that of this
    process: the child began as a copy of it."""
    with os.fdopen(os.pidfd_open(pid)) as process:
        ended = select.poll()
        ended.register(process, select.POLLIN)
        peak = 0.0
        while not ended.poll(10):
            peak = max(peak, peak_so_far(pid))
    return peak


def run_measured(argv, cpu, environment=None, timeout=900):
    """On one CPU; a Failure with its output where it fails."""
    argv = [str(word) for word in argv]
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=subprocess.STDOUT,
                                 env={**os.environ, **(environment or {})},
                                 preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        peak_mib = peak_until_end(child.pid)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        told = output.read().decode(errors="replace")[-2000:]
    if child.returncode != 0:
        raise Failure(f"exit {child.returncode}: {' '.join(argv)}\n{told}")
    if seconds > timeout:
        raise Failure(f"{argv[0]} took longer than {timeout} s")
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak_mib)
