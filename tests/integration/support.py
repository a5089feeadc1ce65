# SPDX-License-Identifier: Apache-2.0
"""What the integration tests share: a site in a fresh directory, raw requests, skipping."""

import argparse
import pathlib
import socket
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

from harness.process import Failure  # noqa: E402
from harness.site import Site  # noqa: E402

SKIPPED = 77


class Skip(Exception):
    """This machine lacks what the test needs; the text says what."""


def skip(reason):
    raise Skip(reason)


def send(port, request):
    """One connection, these bytes, everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while True:
            piece = connection.recv(65536)
            if not piece:
                return received
            received += piece


def get(target, *headers, method="GET"):
    """The bytes of a request after which the server closes."""
    lines = [f"{method} {target} HTTP/1.1", "Host: pixel.example.com", "Connection: close"]
    return ("\r\n".join([*lines, *headers]) + "\r\n\r\n").encode("latin-1")


class RunningSite(Site):
    """Started on entry, gone on exit."""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def send(self, request):
        return send(self.edge_config.port, request)


def main_of(test, needs_site=True):
    """Runs test(site) or test(build, place) and turns what happens into an exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "dev")
    build = parser.parse_args().build
    try:
        with tempfile.TemporaryDirectory(prefix="pixeledge-test-") as name:
            place = pathlib.Path(name)
            if needs_site:
                with RunningSite(place, build) as site:
                    test(site)
            else:
                test(build, place)
    except Skip as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    except Failure as failure:
        print(f"failed: {failure}")
        sys.exit(1)
    print("passed")
