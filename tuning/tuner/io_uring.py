# SPDX-License-Identifier: Apache-2.0
"""Whether this process may use io_uring: asks the kernel for a ring, and says who refuses it. The
edge asks the same and more at its start, and takes epoll where the answer is no."""

import ctypes
import dataclasses
import errno
import os
import platform
import resource

IO_URING_SETUP = 425  # The same number on every architecture but alpha.
PARAMS_BYTES = 120
FLAGS_OFFSET = 8
# SINGLE_ISSUER (6.0) and DEFER_TASKRUN (6.1): the edge wants both.
WANTED_FLAGS = (1 << 12) | (1 << 13)


@dataclasses.dataclass(frozen=True)
class Verdict:
    usable: bool
    reason: str
    advice: str = ""


def try_setup(flags):
    """The errno of io_uring_setup; 0 when it gave a ring (closed again)."""
    libc = ctypes.CDLL(None, use_errno=True)
    params = (ctypes.c_uint8 * PARAMS_BYTES)()
    ctypes.memmove(ctypes.byref(params, FLAGS_OFFSET), ctypes.byref(ctypes.c_uint32(flags)), 4)
    fd = libc.syscall(ctypes.c_long(IO_URING_SETUP), ctypes.c_uint(2), ctypes.byref(params))
    if fd < 0:
        return ctypes.get_errno()
    os.close(fd)
    return 0


def seccomp_mode():
    """0 none, 1 strict, 2 a filter: /proc/self/status."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("Seccomp:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def check(kernel):
    if platform.system() != "Linux" or platform.machine() == "alpha":
        return Verdict(False, "not asked: this is no Linux that we know")
    disabled = kernel.read("kernel.io_uring_disabled")
    plain = try_setup(0)
    if plain:
        return explain(plain, disabled, seccomp_mode())
    if try_setup(WANTED_FLAGS):
        return Verdict(False, f"io_uring is here, but not as the edge needs it: Linux "
                       f"{kernel.release()} is older than 6.1", "a newer kernel, or epoll")
    if disabled == "1":
        return Verdict(True, "io_uring works for this user; kernel.io_uring_disabled is 1, so "
                       "others need CAP_SYS_ADMIN or the group", "make the service's group "
                       "kernel.io_uring_group, and run verify as the service's user")
    return Verdict(True, "io_uring works" + memlock_note())


def explain(error, disabled, seccomp):
    """Who said no. The kernel and a filter give the same EPERM: the sysctl decides which."""
    if error in (errno.EPERM, errno.EACCES):
        if disabled in ("1", "2"):
            also = "; a seccomp filter is active too and may also refuse" if seccomp == 2 else ""
            return Verdict(False, f"kernel.io_uring_disabled is {disabled}{also}", SYSCTL_ADVICE)
        if seccomp == 2:
            return Verdict(False, "a seccomp filter refuses io_uring_setup (EPERM): the default "
                           "profile of a container engine", SECCOMP_ADVICE)
        return Verdict(False, f"refused ({errno.errorcode[error]}) by neither the sysctl nor "
                       "seccomp: a security module (SELinux, AppArmor) or the sandbox around it",
                       "look for it in the audit log, or leave it: the edge takes epoll")
    if error == errno.ENOSYS:
        if disabled is not None or seccomp == 2:
            return Verdict(False, "the kernel has io_uring, but a filter says it has not (ENOSYS)",
                           SECCOMP_ADVICE)
        return Verdict(False, "the kernel has no io_uring: built without it, older than 5.1, or a "
                       "sandbox such as gVisor", "leave it: the edge takes epoll")
    if error == errno.ENOMEM:
        return Verdict(False, "no memory may be locked for a ring: RLIMIT_MEMLOCK" + memlock_note(),
                       "LimitMEMLOCK=infinity, as systemd/pixel-edge.service has it")
    return Verdict(False, f"io_uring_setup: {os.strerror(error)}", "leave it: the edge takes epoll")


def memlock_note():
    soft = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if soft == resource.RLIM_INFINITY:
        return ""
    return (f" (RLIMIT_MEMLOCK is {soft // 1024} KiB here; Linux 6.14 and later count rings for "
            "users without CAP_IPC_LOCK)")


SYSCTL_ADVICE = ("to allow it to the service alone: sysctl kernel.io_uring_disabled=1 and "
                 "kernel.io_uring_group=<gid of pixeledge>; to all: 0. It is a decision about "
                 "security, so apply does not make it; without it the edge takes epoll")
SECCOMP_ADVICE = ("container/README.md says how to allow the three calls to this container alone; "
                  "without them the edge takes epoll")
