# SPDX-License-Identifier: Apache-2.0
"""A process of bench/crowd: many connections that wait or dribble, until told to end."""

import json
import os
import pathlib
import resource
import select
import subprocess

from harness.process import Failure, Process, program, wait_until

# The ephemeral range has 28,232; the fuller it is, the longer connect looks for a free one (20,000
# of one address: 0.4 ms each).
PORTS_PER_SOURCE = 5_000
SPARE_DESCRIPTORS = 100


def descriptors_max():
    """Files that one process, or one worker of the edge, may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def sources_of(connections):
    return -(-connections // PORTS_PER_SOURCE)


class Told(Process):
    """Says "ready", and ends when its input does. A meek one runs only where nobody else wants the
    processor: who is measured on its CPU waits for what the kernel does for it, and no more."""

    meek = False

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=log, preexec_fn=self._before_exec, text=True)
        return self

    def _before_exec(self):
        super()._before_exec()
        policy = os.SCHED_IDLE if self.meek else os.SCHED_OTHER
        os.sched_setscheduler(0, policy, os.sched_param(0))

    def wait_until_ready(self, seconds):
        """Until it has said "ready"."""
        def says_ready():
            if not self.runs():
                raise Failure(f"{self.name} ended with {self.child.returncode}:\n"
                              f"{self.last_words()}")
            said, _, _ = select.select([self.child.stdout], [], [], 0)
            return bool(said) and self.child.stdout.readline() == "ready\n"
        wait_until(says_ready, seconds, f"{self.name} is ready", pause=0.02)


class Crowd(Told):
    """`connections` of them to 127.0.0.1:`port`, from `first_source` on."""

    def __init__(self, build, place, port, connections, cpu, first_source=0, options=()):
        self.connections = connections
        name = f"crowd-{first_source}"
        super().__init__(name, [program(build, "crowd"), "--port", port, "--connections",
                                connections, "--sources", sources_of(connections),
                                "--first-source", first_source, *options],
                         pathlib.Path(place) / f"{name}.log", cpu=cpu)

    def end(self, seconds=60):
        """Its report: closed, bytes_sent, reopened."""
        try:
            said, _ = self.child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not end within {seconds} s of its input") from None
        if self.child.returncode != 0:
            raise Failure(f"{self.name} ended with {self.child.returncode}:\n{self.last_words()}")
        return json.loads(said)
