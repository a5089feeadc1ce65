#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian package in a fresh system (debootstrap, chroot): it installs, both programs start as
the units start them, an upgrade keeps settings and data, a removal leaves them, a purge takes
everything; once without systemd in the system and once with it. Root, and a mirror, are needed.
Not part of ./check: `ctest -C package -L package`, or run it as it is.

    package_test.py [--build FOLDER] [--deb FIRST --upgrade SECOND]    packages made already"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from support import ROOT, SKIPPED, Skip, get, send, skip
from harness.process import Failure, free_port, wait_until

STATE = ("var/spool/pixeledge", "var/lib/pixeledge", "run/pixeledge")
PROGRAMS = ("pixel-edge", "pixel-shipper", "pixel-log", "pixel-load")
UNITS = ("pixel-edge.service", "pixel-shipper.service")
REQUESTS = 25


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False,
                          timeout=1800, **options)
    if done.returncode != 0:
        raise Failure(f"exit {done.returncode}: {' '.join(map(str, command))}\n"
                      f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


class System:
    """A root directory with a Debian in it."""

    def __init__(self, root):
        self.root = root
        self.children = []

    def run(self, *command):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
                       "LC_ALL": "C.UTF-8"}
        environment |= {name: value for name, value in os.environ.items()
                        if name.lower().endswith("_proxy")}
        return run("chroot", self.root, *command, env=environment)

    def has(self, path):
        return os.path.lexists(self.root / path)

    def start(self, unit):
        """As the unit's ExecStart=, User= and Group= say."""
        text = (self.root / "lib/systemd/system" / unit).read_text(encoding="utf-8")
        command = re.search(r"^ExecStart=(.*)$", text, re.M).group(1).split()
        user = re.search(r"^User=(.*)$", text, re.M).group(1)
        log = open(self.root / f"tmp/{unit}.log", "ab")
        child = subprocess.Popen(["chroot", f"--userspec={user}:{user}", self.root, *command],
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.children.append((unit, child))

    def words(self):
        return "".join(path.read_text() for path in (self.root / "tmp").glob("*.service.log"))

    def stop(self):
        """All of them, as systemd would; each must end well."""
        for _, child in self.children:
            child.terminate()
        codes = {unit: child.wait(60) for unit, child in self.children}
        self.children.clear()
        assert set(codes.values()) <= {0}, f"{codes}\n{self.words()}"

    def close(self):
        for _, child in self.children:
            child.kill()
            child.wait()
        for place in ("proc", "dev"):
            subprocess.run(["umount", "-l", self.root / place], capture_output=True, check=False)


def make_base(cache):
    """A tar of a minimal system of this machine's release, made once."""
    release = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    codename = re.search(r"^VERSION_CODENAME=(\w+)", release, re.M).group(1)
    base = cache / f"debootstrap-{codename}.tar"
    if base.exists():
        return base
    sources = "".join(path.read_text(encoding="utf-8") for path in
                      [pathlib.Path("/etc/apt/sources.list"),
                       *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]
                      if path.is_file())
    mirror = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?) (\S+/(?:debian|ubuntu))/?(?:\s|$)", sources,
                       re.M)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="debootstrap-") as name:
        run("debootstrap", "--variant=minbase", "--include=ca-certificates", codename, name,
            *([mirror.group(1)] if mirror else []))
        run("tar", "-C", name, "--one-file-system", "-cf", f"{base}.part", ".")
    pathlib.Path(f"{base}.part").rename(base)
    return base


@contextlib.contextmanager
def fresh_system(base, place, name):
    root = place / name
    root.mkdir()
    system = System(root)
    try:
        run("tar", "-C", root, "-xf", base)
        root.chmod(0o755)  # In the tar it is a temporary folder: its owner's alone.
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        # A package starts nothing in here, whatever the system around it is.
        policy = root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        run("mount", "-t", "proc", "proc", root / "proc")
        run("mount", "--bind", "/dev", root / "dev")
        system.run("apt-get", "update", "-qq")
        yield system
    finally:
        system.close()


def loopback_settings(system):
    """What an administrator changes: ports, here those that are free on this machine."""
    ports = [free_port() for _ in range(3)]
    edge = system.root / "etc/pixeledge/edge.toml"
    text = edge.read_text(encoding="utf-8").replace("0.0.0.0:8080", f"127.0.0.1:{ports[0]}")
    edge.write_text(text.replace("127.0.0.1:9180", f"127.0.0.1:{ports[1]}"), encoding="utf-8")
    shipper = system.root / "etc/pixeledge/shipper.toml"
    shipper.write_text(shipper.read_text(encoding="utf-8").replace(
        "127.0.0.1:9181", f"127.0.0.1:{ports[2]}"), encoding="utf-8")
    return ports[0]


def answers(port):
    try:
        return send(port, get("/pixel.gif?a=package")).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def count_rows(system):
    try:
        text = system.run("pixel-shipper", "sql", "select count(*) as n from requests")
    except Failure:
        return -1
    return int(re.search(r"\[\s*\[?\s*(?:\{[^}]*:)?\s*\"?(\d+)", text).group(1))


def check_installed(system, version):
    assert version in system.run("dpkg-query", "-W", "-f=${Version}", "pixeledge")
    system.run("getent", "passwd", "pixeledge")
    owner = system.run("stat", "-c", "%U:%G %a", *(f"/{path}" for path in STATE)).split("\n")
    assert owner[:3] == ["pixeledge:pixeledge 750"] * 3, owner
    for program in PROGRAMS:
        system.run(program, "--version")
        missing = [line for line in system.run("ldd", f"/usr/bin/{program}").splitlines()
                   if "not found" in line]
        assert not missing, missing
    for unit in UNITS:
        assert system.has(f"etc/systemd/system/multi-user.target.wants/{unit}"), unit
    system.run("pixel-edge", "--check")
    system.run("pixel-shipper", "check")


def check_serving(system, port, rows):
    """Both run as their units say; requests become rows. Returns how many there are now."""
    for unit in UNITS:
        system.start(unit)
    wait_until(lambda: answers(port), 20, f"the edge answers:\n{system.words()}")
    rows += 1
    for _ in range(REQUESTS):
        assert answers(port)
    rows += REQUESTS
    wait_until(lambda: count_rows(system) >= rows, 40, f"{rows} rows in DuckDB", pause=0.5)
    assert count_rows(system) == rows
    return rows


def check_life(system, first, second):
    for deb in (first, second):
        shutil.copy(deb, system.root / "tmp" / deb.name)
    system.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", f"/tmp/{first.name}")
    check_installed(system, version_of(first))
    port = loopback_settings(system)
    settings = (system.root / "etc/pixeledge/edge.toml").read_bytes()
    rows = check_serving(system, port, 0)
    # The processes run on through the upgrade, as without systemd nobody restarts them.
    system.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", f"/tmp/{second.name}")
    assert answers(port)
    system.stop()
    check_installed(system, version_of(second))
    assert (system.root / "etc/pixeledge/edge.toml").read_bytes() == settings
    rows = check_serving(system, port, rows + 1)
    system.stop()
    system.run("pixel-log", "verify", "/var/spool/pixeledge")
    system.run("dpkg", "--remove", "pixeledge")
    assert not any(system.has(f"usr/bin/{program}") for program in PROGRAMS)
    assert (system.root / "etc/pixeledge/edge.toml").read_bytes() == settings
    assert system.has("var/lib/pixeledge/warehouse.duckdb")
    # Back again: what was there is there.
    system.run("dpkg", "--install", f"/tmp/{second.name}")
    check_serving(system, port, rows)
    system.stop()
    system.run("dpkg", "--purge", "pixeledge")
    check_gone(system)


def check_gone(system):
    (system.root / "tmp").rename(system.root / "tmp.seen")
    (system.root / "tmp").mkdir(mode=0o1777)
    shutil.rmtree(system.root / "tmp.seen")
    left = system.run("find", "/", "-xdev", "-not", "-path", "/proc/*", "-iname", "*pixel*").split()
    assert left == [], left
    assert "pixeledge" not in system.run("dpkg", "--get-selections")


def version_of(deb):
    return deb.name.split("_")[1]


def make_packages(arguments, place):
    if arguments.deb:
        return arguments.deb.resolve(), arguments.upgrade.resolve()
    made = []
    for release in (1, 2):
        out = run(ROOT / "tools/make_deb", "--release", release)
        deb = pathlib.Path(out.split()[-1])
        made.append(pathlib.Path(shutil.copy(deb, place / deb.name)))
    return made


def check_lintian(deb):
    if shutil.which("lintian") is None:
        print("lintian is not here: the package is not checked by it")
        return
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", deb],
                          capture_output=True, text=True, check=False)
    print(done.stdout, end="")
    assert done.returncode == 0, done.stdout + done.stderr


def test(arguments, place):
    for tool in ("debootstrap", "dpkg-deb", "chroot"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not here")
    if os.geteuid() != 0:
        skip("not root: no system to install into can be made")
    first, second = make_packages(arguments, place)
    check_lintian(first)
    # As in tools/fetch_duckdb.
    home_cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    base = make_base(pathlib.Path(os.environ.get("PIXEL_CACHE") or home_cache / "pixeledge"))
    for name in ("plain", "systemd"):
        begin = time.monotonic()
        with fresh_system(base, place, name) as system:
            if name == "systemd":
                system.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "systemd")
            check_life(system, first, second)
        print(f"{name}: {time.monotonic() - begin:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--deb", type=pathlib.Path)
    parser.add_argument("--upgrade", type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="pixeledge-package-") as name:
            test(arguments, pathlib.Path(name))
    except Skip as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    except Failure as failure:
        print(f"failed: {failure}")
        sys.exit(1)
    print("passed")


if __name__ == "__main__":
    main()
