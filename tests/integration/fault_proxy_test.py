#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fault proxy does what it says, each fault alone, and nothing else: what tests find through it
is then the program's fault."""

import contextlib
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from support import ROOT, main_of  # noqa: E402
from fault_proxy import FaultProxy  # noqa: E402


class Echo:
    """Sends back what comes: a length, then so many bytes."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    @staticmethod
    def serve(client):
        with contextlib.suppress(OSError), client:
            while True:
                data = client.recv(65536)
                if not data:
                    return
                client.sendall(data)


def connect(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=20)


def receive(client, count):
    received = b""
    while len(received) < count:
        piece = client.recv(count - len(received))
        if not piece:
            break
        received += piece
    return received


def round_trip(proxy, data):
    """(what came back, seconds)"""
    started = time.monotonic()
    with connect(proxy) as client:
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        received = receive(client, len(data))
        sender.join()
    return received, time.monotonic() - started


def check_clean(proxy):
    data = os.urandom(8 << 20)
    received, seconds = round_trip(proxy, data)
    assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest()
    assert proxy.counters.bytes_up == proxy.counters.bytes_down == len(data)
    print(f"clean: {len(data) / seconds / 1e6:.0f} MB/s")


def check_delays(proxy):
    proxy.set(latency_s=0.2, direction="down")
    received, seconds = round_trip(proxy, b"x" * 100)
    assert received == b"x" * 100 and 0.2 <= seconds, seconds
    proxy.set(bytes_per_s=100_000, direction="up")
    received, seconds = round_trip(proxy, b"y" * 50_000)
    assert received == b"y" * 50_000 and 0.5 <= seconds, seconds
    proxy.set(latency_s=30)
    with connect(proxy) as client:
        client.sendall(b"late")
        time.sleep(0.1)
        proxy.cut()  # Also while a piece is held back.
        expect_reset(client)
    proxy.clear()


def check_slices(proxy):
    proxy.set(slice_bytes=1, slice_s=0.001, direction="down")
    with connect(proxy) as client:
        client.sendall(b"0123456789" * 5)
        sizes, received = [], b""
        while len(received) < 50:
            piece = client.recv(65536)
            sizes.append(len(piece))
            received += piece
    assert received == b"0123456789" * 5 and len(sizes) > 10, sizes
    proxy.clear()


def check_corruption(proxy):
    proxy.set(corrupt_every=1000, direction="down")
    data = bytes(10_500)
    received, _ = round_trip(proxy, data)
    wrong = [at for at in range(len(data)) if received[at] != data[at]]
    assert wrong == [at * 1000 + 999 for at in range(10)], wrong
    assert all(received[at].bit_count() == 1 for at in wrong)
    assert proxy.counters.corrupted == 10
    proxy.clear()
    assert round_trip(proxy, data)[0] == data


def expect_reset(client):
    try:
        received = client.recv(65536)
    except ConnectionResetError:
        return
    raise AssertionError(f"no reset, but {received!r}")


def check_ends(proxy):
    proxy.set(reset_after=10, direction="down", once=True)
    with connect(proxy) as client:
        client.sendall(b"z" * 100)
        time.sleep(0.2)
        with contextlib.suppress(ConnectionResetError):
            assert len(receive(client, 100)) <= 10
    assert proxy.counters.resets == 1
    assert round_trip(proxy, b"z" * 100)[0] == b"z" * 100  # Once.
    proxy.set(close_after=40, direction="down", on_nth=1)
    with connect(proxy) as client:
        client.sendall(b"z" * 100)
        assert receive(client, 100) == b"z" * 40  # Half a response, then an orderly end.
    assert proxy.counters.closes == 1
    proxy.set(reset_after=0)
    with connect(proxy) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(b"z")
            expect_reset(client)
    proxy.clear()


def check_nth(proxy):
    proxy.set(close_after=0, direction="down", on_nth=3)
    results = [len(round_trip(proxy, b"abc")[0]) for _ in range(6)]
    assert sorted(results) == [0, 0, 3, 3, 3, 3], results
    proxy.clear()


def check_silence(proxy):
    proxy.set(blackhole=True)
    with connect(proxy) as client:
        client.sendall(b"anybody?")
        client.settimeout(0.3)
        try:
            raise AssertionError(f"heard {client.recv(10)!r}")
        except TimeoutError:
            pass
        proxy.clear()  # The network is back, and so is what was under way.
        client.settimeout(10)
        assert receive(client, 8) == b"anybody?"
    with connect(proxy) as client:
        client.sendall(b"first")
        assert receive(client, 5) == b"first"
        proxy.set(refuse=True)
        try:
            connect(proxy).close()
            raise AssertionError("not refused")
        except ConnectionRefusedError:
            pass
        client.sendall(b"still")  # Those who are connected stay so.
        assert receive(client, 5) == b"still"
    proxy.clear()
    assert round_trip(proxy, b"again")[0] == b"again"


def check_program(echo):
    command = [sys.executable, str(ROOT / "tests" / "support" / "fault_proxy.py"), "--upstream",
               str(echo.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as child:
        def ask(line):
            child.stdin.write(line + "\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())
        port = json.loads(child.stdout.readline())["port"]
        assert "error" in ask('{"latencies": 1}') and "error" in ask("nonsense")
        assert ask('{"close_after": 2, "direction": "down"}')["connections"] == 0
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"abcd")
            assert receive(client, 4) == b"ab"
        assert ask("{}")["closes"] == 1
        assert ask('{"cut": true}')["connections"] == 1
        child.stdin.close()
        assert child.wait(20) == 0


def test(_build, _place):
    echo = Echo()
    for check in (check_clean, check_delays, check_slices, check_corruption, check_ends, check_nth,
                  check_silence):
        with FaultProxy(echo.port) as proxy:
            check(proxy)
    check_program(echo)


if __name__ == "__main__":
    main_of(test, needs_site=False)
