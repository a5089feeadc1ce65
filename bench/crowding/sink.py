#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somewhere else for a crowd to go: accepts on 127.0.0.1, reads nothing, and resets each connection
after some seconds, as the edge ends those of slow clients. What a crowd costs its own side, without
what it costs the edge. Arguments: port, seconds. Ends with its input."""

import collections
import resource
import select
import socket
import struct
import sys
import time

RESET = struct.pack("ii", 1, 0)


def accept_all(listener, waiting):
    while True:
        try:
            taken, _ = listener.accept()
        except BlockingIOError:
            return
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        waiting.append((time.monotonic(), taken))


def main():
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    waiting = collections.deque()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(4096)
        listener.setblocking(False)
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [], 0.02)
            if sys.stdin in ready:
                return
            accept_all(listener, waiting)
            while waiting and waiting[0][0] + seconds < time.monotonic():
                waiting.popleft()[1].close()


if __name__ == "__main__":
    main()
