# SPDX-License-Identifier: Apache-2.0
"""A service manager as far as a service sees one, where systemd is not PID 1: the notify socket,
the descriptor store, LISTEN_FDS for the next start, the watchdog's variables."""

import array
import os
import socket
import subprocess
import time

from harness.process import Failure

FIRST_DESCRIPTOR = 3


class ServiceManager:
    """One service, started as often as one likes. `messages` are (pid, {name: value}), in order;
    `store` holds (name, descriptor) until forget() or close()."""

    def __init__(self, place, watchdog_s=0.0):
        self.path = place / "notify"
        self.watchdog_s = watchdog_s
        self.messages = []
        self.store = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)

    def start(self, command, log):
        """The command, given everything that is in the store, as descriptors 3 and up."""
        inherited = [os.dup(fd) for _, fd in self.store]
        names = ":".join(name for name, _ in self.store)
        environment = dict(os.environ, NOTIFY_SOCKET=str(self.path))
        if self.watchdog_s:
            environment["WATCHDOG_USEC"] = str(int(self.watchdog_s * 1e6))
        # LISTEN_PID and WATCHDOG_PID are the service's own: a shell that becomes it knows them.
        script = 'export WATCHDOG_PID=$$; exec "$@"'
        if inherited:
            environment |= {"LISTEN_FDS": str(len(inherited)), "LISTEN_FDNAMES": names}
            script = "export LISTEN_PID=$$; " + script

        def place_descriptors():
            # Out of the way first: a descriptor may lie where another one belongs.
            high = [os.dup(fd) for fd in inherited]
            free = max([FIRST_DESCRIPTOR + len(high), *high], default=0) + 1
            for index, fd in enumerate(high):
                os.dup2(fd, free + index, inheritable=False)
            for index in range(len(high)):
                os.dup2(free + index, FIRST_DESCRIPTOR + index, inheritable=True)

        with open(log, "ab") as output:
            child = subprocess.Popen(["/bin/sh", "-c", script, "sh", *map(str, command)],
                                     stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                     env=environment, close_fds=not inherited,
                                     preexec_fn=place_descriptors)
        for fd in inherited:
            os.close(fd)
        return child

    def receive(self):
        """Takes what has come."""
        while True:
            try:
                data, control, _, _ = self.socket.recvmsg(4096, 1024)
            except BlockingIOError:
                return
            pid, descriptors = 0, []
            for level, kind, payload in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    descriptors = list(array.array("i", payload))
                elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    pid = array.array("i", payload)[0]
            message = dict(line.partition("=")[::2] for line in data.decode().splitlines())
            self.messages.append((pid, message))
            name = message.get("FDNAME", "stored")
            if "FDSTORE" in message:
                self.add(name, descriptors)
            elif "FDSTOREREMOVE" in message:
                self.forget(name)
            else:
                for fd in descriptors:
                    os.close(fd)

    def add(self, name, descriptors):
        """One of each: what is there already is not kept twice."""
        for fd in descriptors:
            if any(os.path.sameopenfile(fd, kept) for _, kept in self.store):
                os.close(fd)
            else:
                self.store.append((name, fd))

    def forget(self, name):
        for _, fd in [each for each in self.store if each[0] == name]:
            os.close(fd)
        self.store = [each for each in self.store if each[0] != name]

    def wait_for(self, name, seconds, after=0):
        """The index of the first message from `after` on that assigns `name`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.receive()
            for index, (_, message) in enumerate(self.messages[after:], after):
                if name in message:
                    return index
            time.sleep(0.01)
        raise Failure(f"after {seconds:g} s no {name}=: {self.messages[-5:]}")

    def count(self, name):
        self.receive()
        return sum(name in message for _, message in self.messages)

    def close(self):
        self.socket.close()
        for _, fd in self.store:
            os.close(fd)
        self.store = []
