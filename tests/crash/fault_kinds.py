# SPDX-License-Identifier: Apache-2.0
"""What tests/crash/faults does to networks and disks. A fault is switched on for a while and off
again, and can say whether it struck: a fault that hits nothing tests nothing."""

import contextlib
import ctypes
import os
import pathlib
import re
import subprocess
import sys
import threading

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from fault_proxy import FaultProxy  # noqa: E402
from harness.process import Failure  # noqa: E402

CLONE_NEWNS = 0x20000
LIBC = ctypes.CDLL(None, use_errno=True)
BALLAST_PIECE = 4096
BALLAST_PAUSE_S = 0.05
FILLING_S = 60

# What the proxy does to all connections, and which of its counters must rise.
ON_THE_WIRE = {
    "latency": ({"latency_s": 0.3, "jitter_s": 0.4}, "bytes_up"),
    "reset": ({"reset_after": 1500}, "resets"),
    "half": ({"close_after": 60, "direction": "down"}, "closes"),
    "throttle": ({"slice_bytes": 1024, "bytes_per_s": 20_000}, "bytes_up"),
    "slice": ({"slice_bytes": 7, "slice_s": 0.0005}, "bytes_up"),
    "corrupt": ({"corrupt_every": 37}, "corrupted"),
    "blackhole": ({"blackhole": True}, None),
    "refuse": ({"refuse": True}, None),
}
# Whose receiver tells a request that was altered on the way from one that was not. The others take
# what comes over a plain connection, as PostgreSQL takes a COPY: they would store it, whoever sends
# it. TCP's checksum and TLS stand against that, not the shipper. To them only answers are altered.
CHECKS_REQUESTS = ("s3",)

# A disk of so many bytes; which sinks write to it (none: the edge).
ON_DISK = {
    "enospc_state": (32 << 20, ("http", "s3", "clickhouse", "clickhouse_tokens")),
    "enospc_lake": (64 << 20, ("lake",)),
    "enospc_spool": (96 << 20, ()),
}
ALL = (*ON_THE_WIRE, *ON_DISK)


class Wire:
    """A sink behind a proxy of its own."""

    def __init__(self, sink):
        self.sink = sink
        self.toml_before = sink.toml()
        found = re.search(r"127\.0\.0\.1:(\d+)", self.toml_before)
        self.proxy = FaultProxy(int(found.group(1))) if found else None

    def toml(self):
        if self.proxy is None:
            return self.toml_before
        return self.toml_before.replace(f":{self.proxy.upstream}", f":{self.proxy.port}")


class WireFault:
    """One kind on the wires of all sinks at once."""

    def __init__(self, name, wires):
        self.name = name
        self.settings, self.counter = ON_THE_WIRE[name]
        self.wires = [wire for wire in wires if wire.proxy is not None]
        self.targets = [wire.sink.name for wire in self.wires]

    def counted(self, wire):
        return getattr(wire.proxy.counters, self.counter) if self.counter else 0

    def begin(self):
        self.before = [self.counted(wire) for wire in self.wires]
        for wire in self.wires:
            settings = dict(self.settings)
            if self.name == "corrupt" and wire.sink.name not in CHECKS_REQUESTS:
                settings["direction"] = "down"
            wire.proxy.set(**settings)
            if self.name == "refuse":
                wire.proxy.cut()  # Those that are there would live on.

    def end(self):
        for wire in self.wires:
            wire.proxy.clear()

    def waits_s(self, name):
        """How much longer than others a sink may take, since an answer never came."""
        waits = {wire.sink.name: wire.sink.answer_timeout_s for wire in self.wires}
        return waits.get(name, 0) if self.name == "corrupt" else 0

    def missed(self, _retries):
        """The targets that it did not hit."""
        if self.counter is None:
            return []
        return [wire.sink.name for wire, before in zip(self.wires, self.before)
                if self.counted(wire) == before]


class DiskFault:
    """A ballast file takes all that is free, and whatever becomes free while it lasts."""

    def __init__(self, name, folder, sinks):
        self.name = name
        self.ballast = pathlib.Path(folder) / "ballast"
        writers = ON_DISK[name][1]
        self.targets = [sink.name for sink in sinks if sink.name in writers] or ["edge"]
        self.full = threading.Event()
        self.over = threading.Event()

    def begin(self):
        """Returns once the disk is full: on a busy machine filling takes seconds."""
        self.full.clear()
        self.over.clear()
        self.filler = threading.Thread(target=self.fill, daemon=True)
        self.filler.start()
        if not self.full.wait(FILLING_S):
            raise Failure(f"{self.name}: the disk was not full within {FILLING_S} s")

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            while not self.over.is_set():
                with contextlib.suppress(OSError):
                    while not self.over.is_set():
                        file.write(bytes(BALLAST_PIECE))
                self.full.set()
                self.over.wait(BALLAST_PAUSE_S)

    def end(self):
        self.over.set()
        self.filler.join()
        self.ballast.unlink()

    def waits_s(self, _name):
        return 0

    def missed(self, retries):
        """`retries`: of each target, how often it failed meanwhile."""
        return [target for target in self.targets if not retries.get(target)]


def own_mounts():
    """From here on nobody else sees what we mount, and it is gone when we and our children are.
    False without the right to."""
    if os.geteuid() != 0 or LIBC.unshare(CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], check=False).returncode == 0


def mount_disk(folder, size):
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"mount tmpfs: {done.stderr.strip()}")


def unmount_below(place):
    for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        folder = line.split()[1]
        if pathlib.Path(place) in pathlib.Path(folder).parents:
            subprocess.run(["umount", "-l", folder], check=False)
