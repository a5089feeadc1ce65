#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The units: systemd finds nothing to complain about, their exposure is 2.0 or lower, every
directive has its reason, users and folders can be made, and both programs work behind the system
call filter and the ban on writable code that the units put around them."""

import ctypes
import pathlib
import re
import shutil
import subprocess
import time

from support import ROOT, get, main_of, send, skip
from harness.process import Failure, program, run, wait_until
from harness.site import Site
from service_manager import ServiceManager

UNITS = ROOT / "systemd"
SERVICES = ("pixel-edge.service", "pixel-shipper.service")
ALL_UNITS = (*SERVICES, "pixel-edge.socket", "pixeledge.slice")
EXPOSURE_MAX = 2.0

PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65  # Linux 6.3: what MemoryDenyWriteExecute= asks for where it can.
PR_MDWE_REFUSE_EXEC_GAIN = 1
SCMP_ACT_ALLOW = 0x7FFF0000
SCMP_ACT_EPERM = 0x00050000 | 1


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *map(str, arguments)],
                          capture_output=True, text=True, timeout=60, check=False)


def check_verify(build, place):
    """As installed, but with the programs where they were built."""
    folder = place / "units"
    folder.mkdir()
    for name in ALL_UNITS:
        text = (UNITS / name).read_text(encoding="utf-8")
        folder.joinpath(name).write_text(text.replace("/usr/bin/pixel-", f"{build}/bin/pixel-"),
                                         encoding="utf-8")
    done = analyze("verify", "--man=no", *(folder / name for name in ALL_UNITS))
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr


def check_exposure(_build, _place):
    for name in SERVICES:
        done = analyze("security", "--offline=true", UNITS / name)
        match = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        assert match, done.stdout + done.stderr
        print(f"{name}: exposure {match.group(1)}")
        assert float(match.group(1)) <= EXPOSURE_MAX, done.stdout


def check_reasons(_build, _place):
    """Each block of directives stands below a comment; [Install] and what names itself do not
    need one."""
    plain = {"Description", "Documentation", "ExecStart", "WantedBy", "User", "Group"}
    for name in ALL_UNITS:
        explained = False
        for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                explained = not line.startswith("# SPDX")
            elif not line.strip() or line.startswith("["):
                explained = False
            else:
                assert explained or line.partition("=")[0] in plain, f"{name}: {line}: why?"


def check_users_and_folders(_build, place):
    for tool in ("systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(tool) is None:
            print(f"{tool} is not here: its file is not checked")
            return
    if subprocess.run(["id", "-u"], capture_output=True, text=True,
                      check=True).stdout.strip() != "0":
        print("not root: users and folders are not made")
        return
    root = place / "root"
    (root / "etc").mkdir(parents=True)
    run(["systemd-sysusers", f"--root={root}", UNITS / "sysusers.d/pixeledge.conf"])
    assert "\npixeledge:" in "\n" + (root / "etc/passwd").read_text(encoding="utf-8")
    run(["systemd-tmpfiles", "--create", f"--root={root}", UNITS / "tmpfiles.d/pixeledge.conf"])
    for folder in ("var/spool/pixeledge", "var/lib/pixeledge", "run/pixeledge"):
        assert (root / folder).stat().st_mode & 0o777 == 0o750, folder


# --- The programs behind the filter ------------------------------------------------------------

def system_call_set(name, seen=None):
    """The system calls of a set of systemd's, sets in it included."""
    seen = set() if seen is None else seen
    if name in seen:
        return set()
    seen.add(name)
    calls = set()
    for line in analyze("syscall-filter", name).stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            calls |= system_call_set(word, seen)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def allowed_calls(service):
    """What the service's SystemCallFilter= lines allow together, as systemd reads them."""
    allowed = system_call_set("@default")
    for line in (UNITS / service).read_text(encoding="utf-8").splitlines():
        if not line.startswith("SystemCallFilter="):
            continue
        words = line.partition("=")[2]
        takes_away = words.startswith("~")
        for word in words.lstrip("~").split():
            calls = system_call_set(word) if word.startswith("@") else {word}
            allowed = allowed - calls if takes_away else allowed | calls
    return allowed


def make_filter(service):
    """A function that puts the calling process behind the service's filter; exec is the last call
    that it needs and the filter has it."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_rule_add.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int,
                                         ctypes.c_uint)
    library.seccomp_load.argtypes = (ctypes.c_void_p,)
    libc = ctypes.CDLL(None, use_errno=True)
    rules = library.seccomp_init(ctypes.c_uint32(SCMP_ACT_EPERM))
    for name in sorted(allowed_calls(service)):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            assert library.seccomp_rule_add(rules, SCMP_ACT_ALLOW, number, 0) == 0, name

    def enter():
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)
        if library.seccomp_load(rules) != 0:
            raise OSError("seccomp_load failed")

    return enter


def start_behind_filter(service, command, log):
    return subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn
        list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=log.open("w"), preexec_fn=make_filter(service))


def count_rows(site):
    """None until the sink is open."""
    try:
        return site.count_rows("duckdb")
    except Failure:
        return None


def check_programs(build, place):
    """Edge and shipper behind their filters: lines become rows of DuckDB."""
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        print("libseccomp.so.2 is not here: the filters are not tried")
        return
    folder = place / "filtered"
    folder.mkdir()
    for service in SERVICES:  # The filter holds: what only root could use is refused, even to root.
        refused = start_behind_filter(service, ["chroot", "/", "true"], folder / "chroot.err")
        assert refused.wait(10) == 125 and "not permitted" in (folder / "chroot.err").read_text()
    site = Site(folder, build)
    site.edge_config.write()
    site.shipper_config.write()
    edge = start_behind_filter(SERVICES[0], [program(build, "pixel-edge"), "--config",
                                             site.edge_config.path], folder / "edge.err")
    shipper = start_behind_filter(SERVICES[1], [program(build, "pixel-shipper"), "run", "--config",
                                                site.shipper_config.path], folder / "ship.err")
    try:
        wait_until(lambda: "serving on" in (folder / "edge.err").read_text(), 15,
                   "pixel-edge serves behind its filter")
        words = (folder / "edge.err").read_text()
        print(re.search(r"serving on .* on (\w+ \([^)]*\))", words).group(1))
        assert "cannot pin" not in words, words
        for number in range(20):
            answer = send(site.edge_config.port, get(f"/p.gif?n={number}"))
            assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
        wait_until(lambda: count_rows(site) == 20, 60, "20 rows in DuckDB behind the filter")
    finally:
        for process in (edge, shipper):
            process.terminate()
        codes = [process.wait(30) for process in (edge, shipper)]
        for name in ("edge.err", "ship.err"):
            if codes != [0, 0]:
                print((folder / name).read_text())
    assert codes == [0, 0], codes


def check_shipper_notifies(build, place):
    """Ready when it works, alive while it does, stopping when told to."""
    folder = place / "notify"
    folder.mkdir()
    site = Site(folder, build)
    site.edge_config.write()
    site.shipper_config.write()
    manager = ServiceManager(folder, watchdog_s=4)
    shipper = manager.start([program(build, "pixel-shipper"), "run", "--config",
                             site.shipper_config.path], folder / "ship.log")
    try:
        ready = manager.wait_for("READY", 15)
        assert manager.messages[ready][0] == shipper.pid
        assert "2 sinks" in manager.messages[ready][1]["STATUS"], manager.messages
        for _ in range(2):
            ready = manager.wait_for("WATCHDOG", 4, after=ready + 1)
        assert manager.count("STOPPING") == 0
        shipper.terminate()
        assert shipper.wait(30) == 0, (folder / "ship.log").read_text()
        manager.wait_for("STOPPING", 1)
    finally:
        shipper.kill()
        shipper.wait()
        manager.close()


def test(build, place):
    if shutil.which("systemd-analyze") is None:
        skip("systemd-analyze is not here (package systemd)")
    for check in (check_verify, check_exposure, check_reasons, check_users_and_folders,
                  check_shipper_notifies, check_programs):
        begin = time.monotonic()
        check(pathlib.Path(build).resolve(), place)
        print(f"{check.__name__}: {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main_of(test, needs_site=False)
