#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that does to connections what networks do. As a library:

    with FaultProxy(upstream_port) as proxy:
        client.connect(proxy.port)
        proxy.set(latency_s=0.2)            # These faults and no others, also for open connections.
        proxy.set(reset_after=100, direction="down", once=True)
        proxy.clear(); proxy.cut()

or as a program that reads commands, one JSON object a line, and answers each with its counters:

    tests/support/fault_proxy.py --upstream PORT [--listen PORT]
    {"latency_s": 0.2}        set           {}              clear
    {"cut": true}             reset all connections

Faults (`direction`: "up" is towards the server, "down" to the client, "both"):
    latency_s, jitter_s    each piece is held back so long, with a random part
    bytes_per_s            throttles
    slice_bytes            pieces of at most so many bytes, each on its own, slice_s apart
    corrupt_every          one bit of one byte in so many bytes is turned
    reset_after            a reset after so many bytes of a connection
    close_after            a half response: so many bytes, then an orderly close of both sides
    blackhole              connections are accepted, and nothing goes through
    refuse                 nobody listens: connections are refused
    once                   reset_after and close_after hit one connection, then they are over
    on_nth                 they hit each n-th new connection only"""

import argparse
import dataclasses
import json
import random
import select
import socket
import struct
import sys
import threading
import time

PIECE = 65536
POLL_S = 0.05
DIRECTIONS = ("up", "down", "both")


@dataclasses.dataclass(frozen=True)
class Faults:
    direction: str = "both"
    latency_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float = 0.0
    slice_bytes: int = 0
    slice_s: float = 0.0
    corrupt_every: int = 0
    reset_after: int = -1
    close_after: int = -1
    blackhole: bool = False
    refuse: bool = False
    once: bool = False
    on_nth: int = 1

    def __post_init__(self):
        if self.direction not in DIRECTIONS:
            raise ValueError(f"direction is one of {DIRECTIONS}, not {self.direction!r}")

    def hits(self, direction):
        return self.direction in ("both", direction)

    def ends_after(self):
        """(bytes, with a reset), or nothing."""
        if self.reset_after >= 0:
            return self.reset_after, True
        if self.close_after >= 0:
            return self.close_after, False
        return None


@dataclasses.dataclass
class Counters:
    connections: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    corrupted: int = 0
    resets: int = 0
    closes: int = 0


class Connection:
    """One client and its upstream, pumped by a thread each way."""

    def __init__(self, proxy, client, number):
        self.proxy, self.client, self.number = proxy, client, number
        self.server = None
        self.lock = threading.Lock()
        self.is_over = False
        self.passed = {"up": 0, "down": 0}
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while self.proxy.faults.blackhole and not self.is_over:
            time.sleep(POLL_S)
        try:
            self.server = socket.create_connection(("127.0.0.1", self.proxy.upstream), timeout=10)
            self.server.settimeout(None)
            for end in (self.client, self.server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.end(with_reset=True)
            return
        down = threading.Thread(target=self.pump, args=("down", self.server, self.client),
                                daemon=True)
        down.start()
        self.pump("up", self.client, self.server)
        down.join()
        self.end()

    def pump(self, direction, source, target):
        try:
            while not self.is_over:
                if not select.select([source], [], [], POLL_S)[0]:
                    continue
                piece = source.recv(PIECE)
                if not piece:
                    target.shutdown(socket.SHUT_WR)
                    return
                self.pass_on(direction, piece, target)
        except (OSError, ValueError):
            self.end(with_reset=True)

    def pass_on(self, direction, piece, target):
        view = memoryview(bytearray(piece))
        while len(view) > 0 and not self.is_over:
            faults = self.proxy.faults
            while faults.blackhole and faults.hits(direction) and not self.is_over:
                time.sleep(POLL_S)
                faults = self.proxy.faults
            if not faults.hits(direction):
                faults = Faults()
            part = view[:faults.slice_bytes or len(view)]
            limit = self.limit(faults, direction)
            if limit is not None:
                part = part[:limit]
            self.corrupt(faults, direction, part)
            self.pause(faults, len(part))
            target.sendall(part)
            self.passed[direction] += len(part)
            self.proxy.passed(direction, len(part))
            view = view[len(part):]
            if limit is not None and len(part) == limit:
                self.end(with_reset=faults.ends_after()[1], by_fault=True)

    def limit(self, faults, direction):
        """How many bytes may still pass before the connection's end."""
        ending = faults.ends_after()
        if ending is None or self.number % faults.on_nth != 0:
            return None
        return max(ending[0] - self.passed[direction], 0)

    def corrupt(self, faults, direction, part):
        if faults.corrupt_every <= 0:
            return
        begin = self.passed[direction]
        first = -(begin + 1) % faults.corrupt_every
        for at in range(first, len(part), faults.corrupt_every):
            part[at] ^= 1 << self.proxy.chance.randrange(8)
            self.proxy.count("corrupted")

    def pause(self, faults, count):
        pause = faults.latency_s + self.proxy.chance.uniform(0, faults.jitter_s)
        if faults.slice_bytes:
            pause += faults.slice_s
        if faults.bytes_per_s > 0:
            pause += count / faults.bytes_per_s
        until = time.monotonic() + pause
        while not self.is_over and time.monotonic() < until:
            time.sleep(min(until - time.monotonic(), POLL_S) if until > time.monotonic() else 0)

    def end(self, with_reset=False, by_fault=False):
        with self.lock:
            if self.is_over:
                return
            self.is_over = True
        if by_fault:
            self.proxy.ended_by_fault(with_reset)
        for end in (self.client, self.server):
            if end is None:
                continue
            if with_reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # The other side was first.
            end.close()
        self.proxy.forget(self)


class FaultProxy:
    def __init__(self, upstream, port=0, seed=1):
        self.upstream = upstream
        self.port = port
        self.faults = Faults()
        self.chance = random.Random(seed)
        self.counters = Counters()
        self.lock = threading.Lock()
        self.connections = set()
        self.listener = None
        self.ending = threading.Event()
        self.listen()
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def set(self, **faults):
        """These, and no others."""
        self.faults = Faults(**faults)
        with self.lock:
            if self.faults.refuse and self.listener is not None:
                # A close alone would not wake who waits in accept().
                self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
                self.listener = None
            elif not self.faults.refuse and self.listener is None:
                self.listen()

    def clear(self):
        self.set()

    def cut(self):
        """Resets every connection."""
        for connection in self.snapshot():
            connection.end(with_reset=True)

    def close(self):
        self.ending.set()
        self.cut()
        with self.lock:
            if self.listener is not None:
                self.listener.close()
                self.listener = None
        self.thread.join()

    def snapshot(self):
        with self.lock:
            return list(self.connections)

    def listen(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        listener.settimeout(POLL_S)
        self.listener = listener

    def accept(self):
        while not self.ending.is_set():
            listener = self.listener
            try:
                client, _ = listener.accept() if listener else (None, time.sleep(POLL_S))
            except (TimeoutError, OSError):
                continue
            if client is None:
                continue
            client.settimeout(None)
            with self.lock:
                number = self.counters.connections
                self.counters.connections += 1
            connection = Connection(self, client, number)
            with self.lock:
                if not connection.is_over:
                    self.connections.add(connection)

    def forget(self, connection):
        with self.lock:
            self.connections.discard(connection)

    def count(self, name, amount=1):
        with self.lock:
            setattr(self.counters, name, getattr(self.counters, name) + amount)

    def passed(self, direction, count):
        self.count(f"bytes_{direction}", count)

    def ended_by_fault(self, with_reset):
        self.count("resets" if with_reset else "closes")
        if self.faults.once:
            self.faults = dataclasses.replace(self.faults, reset_after=-1, close_after=-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", type=int, required=True)
    parser.add_argument("--listen", type=int, default=0)
    arguments = parser.parse_args()
    with FaultProxy(arguments.upstream, arguments.listen) as proxy:
        print(json.dumps({"port": proxy.port}), flush=True)
        for command in sys.stdin:
            try:
                faults = json.loads(command)
                if faults.pop("cut", False):
                    proxy.cut()
                else:
                    proxy.set(**faults)
            except (ValueError, TypeError) as error:
                print(json.dumps({"error": str(error)}), flush=True)
                continue
            print(json.dumps(dataclasses.asdict(proxy.counters)), flush=True)


if __name__ == "__main__":
    main()
