# SPDX-License-Identifier: Apache-2.0
"""A server under comparison: in a fresh directory, pinned to one CPU, log on."""

import contextlib
import pathlib

from harness.load import browser_url
from harness.process import Failure, Process, free_port

REQUEST_BYTES = 531  # What a browser sends for a pixel, with its headers.
PATH = "/p.gif"


class Server:
    """After open(), `process` runs and answers `url`."""

    name = ""
    process = None
    is_peer = False  # Not ours: what it loses fails its sample, not the run.

    def __init__(self, place, build, cpu):
        self.place = pathlib.Path(place) / self.name
        self.place.mkdir()
        self.build = build
        self.cpu = cpu
        self.port = free_port()
        self.url = None
        self.argv = None

    def open(self):
        self.start()
        self.url = browser_url(self.build, self.port, PATH, REQUEST_BYTES)

    def launch(self, argv):
        self.argv = argv
        self.process = Process(self.name, argv, self.place / "output.log", cpu=self.cpu).start()
        self.process.wait_for_port(self.port)

    def restart(self):
        """The same program on the same files and port, without the connections it had."""
        with contextlib.suppress(Failure):  # Killed then: as good an end.
            self.stop()
        self.launch(self.argv)

    def discard_logs(self):
        """Between samples: the disk is not what is measured."""

    def describe(self):
        return ""

    def stop(self):
        if self.process:
            self.process.stop()
