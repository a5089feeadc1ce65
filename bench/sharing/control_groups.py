# SPDX-License-Identifier: Apache-2.0
"""The control groups that systemd makes of our units, made here without systemd: a slice, and a
group with its CPU weight for each service in it."""

import contextlib
import os
import pathlib
import re

from harness.process import Failure, wait_until

UNITS = pathlib.Path(__file__).resolve().parents[2] / "systemd"
# Against whatever else runs on the machine: the highest there is, for the slice and for the client,
# since only what edge and shipper do to each other is measured.
TOP_WEIGHT = 10_000


def unit_weight(unit):
    """CPUWeight= of a file in systemd/."""
    found = re.search(r"^CPUWeight=(\d+)$", (UNITS / unit).read_text(encoding="utf-8"), re.M)
    if not found:
        raise Failure(f"systemd/{unit} has no CPUWeight=")
    return int(found.group(1))


def own_group(root, version):
    """Where this process is now."""
    for line in pathlib.Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(",") if version == 1 else controllers == "":
            return root / path.lstrip("/")
    raise Failure("this process is in no control group")


def cpu_hierarchy():
    """(its root, its version) of the mounted hierarchy that has the cpu controller."""
    for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, options = line.split()[:4]
        if kind == "cgroup" and "cpu" in options.split(","):
            return pathlib.Path(place), 1
        controllers = pathlib.Path(place) / "cgroup.controllers"
        if kind == "cgroup2" and "cpu" in controllers.read_text(encoding="utf-8").split():
            return pathlib.Path(place), 2
    raise Failure("no control groups with the cpu controller are mounted")


class Slice:
    """Groups below the root of the hierarchy, and one beside them for this process and the clients
    it starts; needs root. close() when the members are gone."""

    def __init__(self, weights):
        """`weights`: of each member, by name."""
        self.root, self.version = cpu_hierarchy()
        self.home = own_group(self.root, self.version)
        self.place = self.root / f"pixeledge-bench-{os.getpid()}"
        self.clients = self.root / f"pixeledge-bench-{os.getpid()}-clients"
        self.members = {name: self.place / name for name in weights}
        try:
            if self.version == 2:
                self.allow_children(self.root)
            self.make(self.clients, TOP_WEIGHT)
            self.move(os.getpid(), self.clients)
            self.make(self.place, TOP_WEIGHT)
            if self.version == 2:
                self.allow_children(self.place)
            for name, weight in weights.items():
                self.make(self.members[name], weight)
        except OSError as error:
            with contextlib.suppress(OSError):
                self.close()
            raise Failure(f"no control groups can be made here (root can): {error}") from None

    @staticmethod
    def allow_children(group):
        (group / "cgroup.subtree_control").write_text("+cpu", encoding="utf-8")

    def make(self, group, weight):
        group.mkdir()
        if self.version == 2:
            (group / "cpu.weight").write_text(str(weight), encoding="utf-8")
        else:  # As systemd maps it: the default is 100 in one version and 1024 in the other.
            (group / "cpu.shares").write_text(str(weight * 1024 // 100), encoding="utf-8")

    @staticmethod
    def move(pid, group):
        (group / "cgroup.procs").write_text(str(pid), encoding="utf-8")

    def take(self, name, pid):
        """The process with all its threads, and those that it starts from now on."""
        self.move(pid, self.members[name])

    def close(self):
        self.move(os.getpid(), self.home)
        for group in (*self.members.values(), self.place, self.clients):
            wait_until(lambda group=group: try_remove(group), 5, f"{group} is empty")


def try_remove(group):
    """False while the kernel still counts processes of it."""
    try:
        group.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True
