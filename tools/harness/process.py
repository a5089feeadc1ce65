# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive us: started, watched, timed, stopped by their own id."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
LIBC = ctypes.CDLL(None)


class Failure(Exception):
    """Something did not go as it must; the text is for the person at the terminal."""


def program(build, name):
    """The path of a built program."""
    path = pathlib.Path(build) / "bin" / name
    if not path.exists():
        raise Failure(f"{path} is not built")
    return str(path)


def free_port(preferred=0):
    """`preferred` when nobody has it, else one the system picks."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
    raise Failure("no free port on 127.0.0.1")


def wait_until(is_true, seconds, what, pause=0.01):
    """Polls; a Failure that says `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = is_true()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"after {seconds:g} s still not: {what}")
        time.sleep(pause)


class Process:
    """One program; what it says goes to `log` (appended), its standard output to `output` where one
    is named. The kernel ends it if we die first."""

    def __init__(self, name, argv, log, cpu=None, output=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        self.cpu = cpu
        self.output = output or log
        self.child = None

    def start(self):
        with open(self.log, "ab") as log, open(self.output, "ab") as output:
            self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=log, preexec_fn=self._before_exec)
        return self

    def _before_exec(self):
        os.setpgid(0, 0)  # Ctrl-C at the terminal is ours to pass on, in our order.
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if self.cpu is not None:
            os.sched_setaffinity(0, {self.cpu})

    @property
    def pid(self):
        return self.child.pid

    def runs(self):
        return self.child is not None and self.child.poll() is None

    def kill(self):
        """SIGKILL, and waits until it is gone."""
        if self.runs():
            self.child.kill()
            self.child.wait()

    def stop(self, seconds=30):
        """SIGTERM and the exit code; after `seconds` SIGKILL and a Failure."""
        if not self.runs():
            return self.child.returncode if self.child else None
        self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not stop within {seconds} s of SIGTERM") from None

    def wait_for_port(self, port, seconds=10):
        """Until it accepts connections; a Failure with its last words when it ends before."""
        def answers():
            if not self.runs():
                raise Failure(f"{self.name} ended with {self.child.returncode}:\n"
                              f"{self.last_words()}")
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return True
            return False
        wait_until(answers, seconds, f"{self.name} listens on port {port}")

    def last_words(self, lines=20):
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def cpu_seconds(self):
        """User and system time of the process and all below it that live now."""
        return sum(self.cpu_times())

    def cpu_times(self):
        """The same, apart: (user, system)."""
        times = [process_cpu_times(pid) for pid in process_tree(self.pid)]
        return sum(user for user, _ in times), sum(system for _, system in times)


def read_stat(pid):
    """The fields of /proc/<pid>/stat after the name; None when it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def process_cpu_seconds(pid):
    return sum(process_cpu_times(pid))


def process_cpu_times(pid):
    """Seconds of user and of system time; zeros when it is gone."""
    fields = read_stat(pid)
    return (int(fields[11]) / CLOCK_TICKS, int(fields[12]) / CLOCK_TICKS) if fields else (0.0, 0.0)


def process_tree(pid):
    """`pid` and all its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = read_stat(entry)
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry))
    tree, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        tree.append(current)
        waiting += children.get(current, [])
    return tree


def run(argv, seconds=120, check=True, **options):
    """Runs a program to its end and returns it; a Failure with its output when it fails."""
    argv = [str(word) for word in argv]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False,
                              **options)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"not done after {seconds} s: {' '.join(argv)}\n"
                      f"{(late.stdout or b'')[-2000:]}") from None
    if check and done.returncode != 0:
        raise Failure(f"exit {done.returncode}: {' '.join(argv)}\n{done.stdout}{done.stderr}")
    return done
