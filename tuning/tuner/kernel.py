# SPDX-License-Identifier: Apache-2.0
"""The running kernel's settings below one root folder: read, judged, written. The root is "/"
except in tests."""

import dataclasses
import os
import pathlib

from tuner.profiles import numbers


class Kernel:
    def __init__(self, root="/"):
        self.root = pathlib.Path(root)

    def path(self, name):
        return self.root / "proc/sys" / name.replace(".", "/")

    def exists(self, name):
        return self.path(name).exists()

    def read(self, name):
        """The value with single spaces; None where there is none to read."""
        try:
            return " ".join(self.path(name).read_text(encoding="ascii").split())
        except OSError:
            return None

    def write(self, name, value):
        """An OSError says why not. What the kernel has afterwards is compared: it may clamp."""
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(value + "\n")
        got = self.read(name)
        if got is None or got.split() != value.split():
            raise OSError(f"the kernel made it {got}")

    def memory_pages(self):
        with open(self.root / "proc/meminfo", encoding="ascii") as file:
            kib = int(file.readline().split()[1])
        return kib * 1024 // os.sysconf("SC_PAGE_SIZE")

    def boot_id(self):
        return self.read("kernel.random.boot_id") or "unknown"

    def release(self):
        return self.read("kernel.osrelease") or os.uname().release


@dataclasses.dataclass
class Finding:
    """One knob of a profile against the running kernel."""
    knob: object
    wanted: str           # As it would be written.
    running: str | None   # None: it does not exist here.
    fine: bool


def judge(kernel, profile, knobs, only=()):
    """A finding for each knob of the profile whose name begins with one of `only` (all if none)."""
    pages = kernel.memory_pages()
    findings = []
    for name, text in profile.values.items():
        if only and not name.startswith(tuple(only)):
            continue
        wanted, running = numbers(text, pages), kernel.read(name)
        fine = running is not None and knobs[name].suffices(numbers(running), wanted)
        findings.append(Finding(knobs[name], " ".join(map(str, wanted)), running, fine))
    return findings


def why_missing(kernel, knob):
    """A guess that helps: what has to be there for the setting to exist."""
    if knob.name.startswith("net.netfilter."):
        return "nf_conntrack is not loaded: nothing is tracked, nothing to do"
    if knob.scope == "machine" and knob.name.startswith("net."):
        return "only the machine's own network namespace has it: set it there"
    return f"Linux {kernel.release()} does not have it, or this container hides it"
