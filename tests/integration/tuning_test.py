#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tuning/tune: the data files say all they must; verify, apply and revert on a folder that stands
for a machine, and on the real kernel inside a network namespace of its own; io_uring refused by a
real seccomp filter. Measures two of the effects that knobs.toml states. Changes no setting of the
machine, and checks that."""

import ctypes
import errno
import json
import os
import pathlib
import platform
import select
import shutil
import socket
import struct
import subprocess
import sys

from support import ROOT, main_of

sys.path.insert(0, str(ROOT / "tuning"))

from tuner import io_uring  # noqa: E402
from tuner.kernel import Kernel  # noqa: E402
from tuner.profiles import load_knobs, load_profile, numbers, profile_names  # noqa: E402

TUNE = ROOT / "tuning" / "tune"
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def tune(*arguments, code=0, **options):
    done = subprocess.run([TUNE, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False, **options)
    assert done.returncode == code, \
        f"tune {arguments}: exit {done.returncode}, not {code}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def machine_settings():
    """Every setting that a profile may touch, as this machine has it now."""
    kernel, knobs = Kernel(), load_knobs()
    names = set(knobs) | {knob.pair for knob in knobs.values() if knob.pair}
    return {name: kernel.read(name) for name in sorted(names)}


def check_data_files():
    knobs = load_knobs()
    names = profile_names()
    assert names == ["small", "1k", "10k", "100k", "idle-1m"], names
    used = set()
    for name in names:
        profile = load_profile(name, knobs)
        used |= set(profile.values)
        for setting, text in profile.values.items():
            wanted = numbers(text, 1 << 20)
            assert all(number >= 0 for number in wanted), (name, setting)
            assert knobs[setting].suffices(wanted, wanted), (name, setting, "is not its own value")
    assert used == set(knobs), f"in no profile: {set(knobs) - used}"
    for knob in knobs.values():
        for text in (knob.what, knob.why, knob.matters, knob.effect, knob.source, knob.default):
            assert text, knob.name
        if knob.compare == "up_to":
            assert knob.pair, f"{knob.name}: 0 cannot be written back without its pair"


def check_readme_names():
    """What the README says is left alone is in no profile; what is in one is not in that list."""
    text = (ROOT / "tuning" / "README.md").read_text(encoding="utf-8")
    left = text.partition("## Left alone")[2].partition("\n## ")[0]
    for name in load_knobs():
        assert f"| `{name}`" not in left, name
    assert left.count("| `") >= 8, "the list of what is left alone was not found"


def make_machine(place, **changes):
    """A folder with the settings of a fresh Linux 6.18."""
    root = place / "machine"
    shutil.rmtree(root, ignore_errors=True)
    for name, knob in load_knobs().items():
        usual = knob.default.partition(" (")[0].partition(" on ")[0]
        put(root, name, usual if usual[0].isdigit() else "500000")  # "by memory"
    put(root, "net.ipv4.tcp_mem", "287898\t383867\t575796")
    put(root, "kernel.numa_balancing", "1")
    put(root, "vm.dirty_ratio", "20")
    put(root, "vm.dirty_background_ratio", "10")
    for name, value in changes.items():
        put(root, name.replace("__", "."), value)
    (root / "proc/meminfo").write_text("MemTotal:       25165824 kB\n", encoding="ascii")
    return root


def put(root, name, value):
    path = root / "proc/sys" / name.replace(".", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value + "\n", encoding="ascii")


def settings_of(root):
    base = root / "proc/sys"
    return {str(path.relative_to(base)): path.read_text() for path in base.rglob("*")
            if path.is_file()}


def check_verify(place):
    root = make_machine(place, net__core__somaxconn="100000")
    text = tune("verify", "10k", "--root", root, code=1)
    assert "ok       net.core.somaxconn = 100000" in text, text  # More is good enough.
    assert "DIFFERS  net.ipv4.tcp_migrate_req = 0, 10k has 1\n         it matters: " in text, text
    (root / "proc/sys/net/netfilter/nf_conntrack_max").unlink()
    text = tune("verify", "10k", "--root", root, code=1)
    assert "missing  net.netfilter.nf_conntrack_max: nf_conntrack is not loaded" in text, text
    text = tune("verify", "small", "--only", "net.core.", "--root", root)
    assert "0 of 1 settings differ" in text, text
    for arguments in (("verify",), ("verify", "11k"), ("revert", "10k"), ("dance",), ()):
        tune(*arguments, code=2)


def check_round_trips(place):
    for name in profile_names():
        root = make_machine(place)
        before = settings_of(root)
        tune("apply", name, "--root", root)
        assert settings_of(root) != before, name
        text = tune("verify", name, "--root", root)
        assert "\n0 of " in text, text
        tune("apply", name, "--root", root)  # Again: the oldest values stay the saved ones.
        for knob in load_knobs().values():  # As the kernel does: writing one clears the other ...
            if knob.pair and knob.name in load_profile(name, load_knobs()).values:
                put(root, knob.pair, "0")
        tune("revert", "--root", root)
        after = settings_of(root)
        for limit in ("vm/dirty_bytes", "vm/dirty_background_bytes"):
            after[limit] = "0\n"  # ... the other way round too. Writing 0 is EINVAL.
        same = {key: value.split() for key, value in before.items()}
        assert {key: value.split() for key, value in after.items()} == same, name
        assert "nothing is applied" in tune("revert", "--root", root)


def check_persist(place):
    root = make_machine(place)
    file = root / "etc/sysctl.d/60-pixeledge.conf"
    tune("apply", "1k", "--root", root)
    assert not file.exists()
    tune("apply", "1k", "--persist", "--root", root)
    assert "-vm.dirty_bytes = 1073741824\n" in file.read_text()
    assert "somaxconn" not in file.read_text(), "it was good enough without us"
    tune("apply", "100k", "--root", root)  # Back from 1k first, its file included.
    assert not file.exists()
    tune("revert", "--root", root)
    file.write_text("net.core.somaxconn = 1\n")
    assert "somebody else's" in tune("apply", "1k", "--persist", "--root", root, code=1)
    assert file.read_text() == "net.core.somaxconn = 1\n"
    assert not (root / "var/lib/pixeledge/tuning/previous.json").exists()


def check_trouble(place):
    """What others have changed since is theirs; a broken book changes nothing."""
    root = make_machine(place)
    tune("apply", "10k", "--root", root)
    put(root, "net.core.somaxconn", "7000")
    assert "left     net.core.somaxconn = 7000" in tune("revert", "--root", root)
    tune("apply", "10k", "--root", root)
    book = root / "var/lib/pixeledge/tuning/previous.json"
    assert json.loads(book.read_text())["knobs"]["net.core.somaxconn"]["before"] == "7000"
    book.write_text("{")
    now = settings_of(root)
    assert "is not what tune wrote" in tune("revert", "--root", root, code=1)
    assert "is not what tune wrote" in tune("apply", "1k", "--root", root, code=1)
    assert settings_of(root) == now


def in_namespace(work):
    """Runs work() in a child with a network namespace of its own; its text, or None without the
    right to make one. The child reports by a pipe and never returns."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 1
        try:
            if LIBC.unshare(CLONE_NEWNET) != 0:
                code = 77
            else:
                subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
                os.write(writer, str(work()).encode())
                code = 0
        except BaseException as error:  # pylint: disable=broad-except
            os.write(writer, repr(error).encode())
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 77), text
    return text if code == 0 else None


def check_real_kernel(place):
    """apply, verify and revert of the settings that a namespace has for itself. Nothing else is
    named to tune: --only keeps it from the machine's."""
    only = []
    for name, knob in load_knobs().items():
        if knob.scope == "netns":
            only += ["--only", name]

    def round_trip():
        kernel = Kernel()
        names = [name for name in only if name != "--only"]
        assert os.readlink("/proc/self/ns/net") != os.readlink(f"/proc/{os.getppid()}/ns/net")
        before = {name: kernel.read(name) for name in names}
        book = change_book_to(place)
        # A mount namespace is not needed: the state goes below --root, whose proc is the real one.
        tune("apply", "idle-1m", *only, "--root", book)
        changed = {name: kernel.read(name) for name in names}
        assert changed["net.core.somaxconn"] == "65535" and changed["net.ipv4.tcp_rmem"] == \
            "4096 16384 4194304" and changed["net.ipv4.tcp_migrate_req"] == "1", changed
        tune("verify", "idle-1m", *only, "--root", book)
        tune("revert", "--root", book)
        assert {name: kernel.read(name) for name in names} == before
        return "ok"

    if in_namespace(round_trip) is None:
        print("real kernel: skipped, needs the right to make a network namespace")


def change_book_to(place):
    """A root folder whose proc is the machine's, and whose var and etc are its own."""
    root = place / "real"
    root.mkdir(exist_ok=True)
    if not (root / "proc").exists():
        (root / "proc").symlink_to("/proc")
    return root


def fill_accept_queue(somaxconn, connections):
    """How many of so many connections at once the queue of a listener takes."""
    pathlib.Path("/proc/sys/net/core/somaxconn").write_text(str(somaxconn), encoding="ascii")
    with socket.create_server(("127.0.0.1", 0), backlog=65535) as listener:
        clients = [socket.socket() for _ in range(connections)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        waiting = select.poll()
        for client in clients:
            waiting.register(client, select.POLLOUT)
        taken = sum(event == select.POLLOUT for _, event in waiting.poll(300))
        for client in clients:
            client.close()
    return taken


def close_one_of_two(migrate):
    """How many of 400 waiting connections are reset when one of two listeners closes."""
    pathlib.Path("/proc/sys/net/ipv4/tcp_migrate_req").write_text(str(migrate), encoding="ascii")
    closing = socket.create_server(("127.0.0.1", 0), backlog=1000, reuse_port=True)
    address = closing.getsockname()
    with socket.create_server(address, backlog=1000, reuse_port=True):
        clients = [socket.create_connection(address) for _ in range(400)]
        closing.close()
        resets = 0
        for client in clients:
            client.settimeout(0.001)
            try:
                client.recv(1)
            except ConnectionResetError:
                resets += 1
            except TimeoutError:
                pass
            client.close()
    return resets


def check_effects():
    """The effects that knobs.toml gives this test as the witness of."""
    text = in_namespace(lambda: (fill_accept_queue(128, 600), fill_accept_queue(1024, 600)))
    if text is None:
        return
    assert text == "(129, 600)", text
    text = in_namespace(lambda: json.dumps([close_one_of_two(0), close_one_of_two(1)]))
    without, with_it = json.loads(text)
    assert 100 < without < 300 and with_it == 0, (without, with_it)


def refuse_io_uring(error):
    """In a child, before exec: a seccomp filter as container engines have, for this call alone."""
    def install():
        load_number = struct.pack("=HBBI", 0x20, 0, 0, 0)
        is_setup = struct.pack("=HBBI", 0x15, 0, 1, io_uring.IO_URING_SETUP)
        refuse = struct.pack("=HBBI", 0x06, 0, 0, 0x00050000 | error)
        allow = struct.pack("=HBBI", 0x06, 0, 0, 0x7fff0000)
        code = ctypes.create_string_buffer(load_number + is_setup + refuse + allow)
        program = struct.pack("@HxxxxxxP", 4, ctypes.addressof(code))
        LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                      ctypes.create_string_buffer(program)) != 0:
            os._exit(99)
    return install


def check_io_uring():
    """Who refuses is told apart: a filter with either errno for real, the rest by table."""
    if platform.machine() in ("x86_64", "aarch64") and struct.calcsize("P") == 8:
        for error, words in ((errno.EPERM, "a seccomp filter refuses io_uring_setup (EPERM)"),
                             (errno.ENOSYS, "a filter says it has not (ENOSYS)")):
            options = {"preexec_fn": refuse_io_uring(error)}
            if Kernel().read("kernel.io_uring_disabled") in (None, "0"):
                text = tune("verify", "small", "--only", "net.core.", "--require-io-uring",
                            code=1, **options)
                assert "epoll    io_uring: " in text and words in text, text
    explain = io_uring.explain
    assert "kernel.io_uring_disabled is 2" in explain(errno.EPERM, "2", 0).reason
    assert "may also refuse" in explain(errno.EPERM, "2", 2).reason
    assert "security module" in explain(errno.EPERM, "0", 0).reason
    assert "built without it" in explain(errno.ENOSYS, None, 0).reason
    assert "RLIMIT_MEMLOCK" in explain(errno.ENOMEM, "0", 0).reason
    assert "Too many open files" in explain(errno.EMFILE, "0", 0).reason
    assert not any(explain(error, "0", 0).usable for error in (errno.EPERM, errno.ENOSYS))


def test(_build, place):
    before = machine_settings()
    check_data_files()
    check_readme_names()
    check_verify(place)
    check_round_trips(place)
    check_persist(place)
    check_trouble(place)
    check_io_uring()
    check_real_kernel(place)
    check_effects()
    assert machine_settings() == before, "the test has changed the machine"


if __name__ == "__main__":
    main_of(test, needs_site=False)
