# SPDX-License-Identifier: Apache-2.0
"""What memory a process and the kernel use, from /proc."""

import collections
import pathlib
import re

MAPPING = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)$")


def read_kib(path, name):
    """The number of the line that begins with `name`, in bytes; 0 where there is none."""
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def anonymous_bytes(pid):
    """Memory of its own that the process has touched; mapped segments are not in it."""
    return read_kib(f"/proc/{pid}/status", "RssAnon")


def available_bytes():
    return read_kib("/proc/meminfo", "MemAvailable")


def slab_bytes():
    """Of all slabs: sockets, files, requests of rings."""
    return read_kib("/proc/meminfo", "Slab")


def slabs_by_name():
    """Bytes of the objects in use; empty where only root may look."""
    try:
        lines = pathlib.Path("/proc/slabinfo").read_text(encoding="utf-8").splitlines()[2:]
    except PermissionError:
        return {}
    words = (line.split() for line in lines)
    return {each[0]: int(each[1]) * int(each[3]) for each in words}


def anonymous_by_mapping(pid):
    """Touched anonymous bytes by "length name" of the mappings. Neighbours appear as one."""
    found, key = collections.Counter(), None
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        match = MAPPING.match(line)
        if match:
            first, end, name = match.groups()
            key = f"{int(end, 16) - int(first, 16):,} bytes {name or '(anonymous)'}"
        elif line.startswith("Anonymous:"):
            found[key] += int(line.split()[1]) * 1024
    return dict(found)


def growth(before, after, count, least):
    """(bytes per one of `count`, key) of what has grown, the most first; from `least` bytes on."""
    grown = [((used - before.get(key, 0)) / count, key) for key, used in after.items()]
    return sorted((each for each in grown if each[0] >= least), reverse=True)
