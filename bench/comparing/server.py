# SPDX-License-Identifier: Apache-2.0
"""A server under comparison: in a fresh directory, pinned to one CPU, log on."""

import pathlib

from harness.load import browser_url
from harness.process import Process, free_port

REQUEST_BYTES = 531  # What a browser sends for a pixel, with its headers.
PATH = "/p.gif"


class Server:
    """After open(), `process` runs and answers `url`."""

    name = ""
    process = None

    def __init__(self, place, build, cpu):
        self.place = pathlib.Path(place) / self.name
        self.place.mkdir()
        self.build = build
        self.cpu = cpu
        self.port = free_port()
        self.url = None

    def open(self):
        self.start()
        self.url = browser_url(self.build, self.port, PATH, REQUEST_BYTES)

    def launch(self, argv):
        self.process = Process(self.name, argv, self.place / "output.log", cpu=self.cpu).start()
        self.process.wait_for_port(self.port)

    def discard_logs(self):
        """Between samples: the disk is not what is measured."""

    def describe(self):
        return ""

    def stop(self):
        if self.process:
            self.process.stop()
