# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of our own, in a directory of its own, on 127.0.0.1 and a UNIX socket. It
runs as user postgres, since the server refuses root; nothing of a system's server is touched.

As a program, for tests that are not Python:

    tools/harness/postgres.py start DIR     makes a server there and prints its DSN
    tools/harness/postgres.py stop DIR
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.process import Failure, free_port, run, wait_until  # noqa: E402

USER = "postgres"
SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{directory}'
fsync = {fsync}
shared_buffers = 128MB
max_wal_size = 4GB
log_min_messages = warning
log_line_prefix = '%m [%p] %a '
lc_messages = 'C'
{extra}
"""


def programs():
    """The directory of initdb and postgres; None where PostgreSQL is not installed."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return pathlib.Path(there).parent if there else None


def as_server_user(ends_with_us=False):
    """What to put before a command so that it does not run as root; where it must not outlive us,
    the kernel sees to that."""
    words = ["setpriv"] + (["--pdeathsig=QUIT"] if ends_with_us else [])
    if os.getuid() == 0:
        words += [f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
    return words if len(words) > 1 else []


class Postgres:
    """`place` must be a directory that user postgres may enter. fsync is on: what is measured and
    killed here is what a real server does."""

    def __init__(self, place, fsync=True, extra=""):
        self.place = pathlib.Path(place)
        self.data = self.place / "data"
        self.log = self.place / "server.log"
        self.fsync = fsync
        self.extra = extra
        self.port = free_port()
        self.child = None

    @property
    def dsn(self):
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    @property
    def socket_dsn(self):
        return f"host={self.place} port={self.port} user={USER} dbname=postgres"

    def create(self):
        """initdb; trusts whoever comes from this machine."""
        bin_directory = programs()
        if bin_directory is None:
            raise Failure("PostgreSQL is not installed; tools/install_deps test does it")
        self.place.mkdir(parents=True, exist_ok=True)
        self.place.chmod(0o755)
        if os.getuid() == 0:
            owner = pwd.getpwnam(USER)
            os.chown(self.place, owner.pw_uid, owner.pw_gid)
        run([*as_server_user(), bin_directory / "initdb", "--pgdata", self.data, "--auth=trust",
             "--username", USER, "--encoding=UTF8", "--locale=C", "--no-sync",
             "--no-instructions"], cwd=self.place)
        text = SETTINGS.format(port=self.port, directory=self.place,
                               fsync="on" if self.fsync else "off", extra=self.extra)
        with open(self.data / "postgresql.auto.conf", "a", encoding="utf-8") as settings:
            settings.write(text)
        return self

    def start(self, seconds=30, outlives_us=False):
        """Starts it and waits until it answers; create() came before."""
        argv = [*as_server_user(ends_with_us=not outlives_us), str(programs() / "postgres"), "-D",
                str(self.data)]
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          start_new_session=True, cwd=self.place)
        wait_until(self.answers, seconds, f"PostgreSQL on port {self.port} answers\n"
                   + self.last_words())
        return self

    def answers(self):
        if self.child.poll() is not None:
            raise Failure(f"PostgreSQL ended with {self.child.returncode}:\n{self.last_words()}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return self.psql("select 1", check=False).strip() == "1"
        return False

    def last_words(self, lines=20):
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def _end(self, how, seconds):
        if self.child is None or self.child.poll() is not None:
            return
        self.child.send_signal(how)
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.send_signal(signal.SIGQUIT)
            self.child.wait(seconds)

    def stop(self, seconds=30):
        """"Fast": ends sessions, writes a checkpoint."""
        self._end(signal.SIGINT, seconds)

    def crash(self, seconds=30):
        """"Immediate": as after a crash, the next start recovers from the log."""
        self._end(signal.SIGQUIT, seconds)

    def restart(self, crash=False):
        self.crash() if crash else self.stop()
        return self.start()

    def psql(self, sql, check=True, database="postgres", seconds=60):
        """Unaligned text without header: one line per row, '|' between columns."""
        done = run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.place, "-p",
                    self.port, "-U", USER, "-d", database, "-c", sql], check=check, seconds=seconds)
        return done.stdout.rstrip("\n")

    def __enter__(self):
        return self.create().start()

    def __exit__(self, *_):
        self.crash()


def start_program(place):
    """Leaves the server running; its process id is in DIR/data/postmaster.pid."""
    server = Postgres(place).create().start(outlives_us=True)
    print(server.dsn)


def stop_program(place):
    """By the id that the server itself wrote down."""
    pid_file = pathlib.Path(place) / "data" / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text(encoding="utf-8").splitlines()[0])
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + 10
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    {"start": start_program, "stop": stop_program}[sys.argv[1]](sys.argv[2])
