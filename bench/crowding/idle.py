# SPDX-License-Identifier: Apache-2.0
"""The run of bench/idle_connections: crowds until all connections are held or memory would run out,
and what they cost."""

import contextlib
import time

from crowding import memory
from crowding.crowd import SPARE_DESCRIPTORS, Crowd, descriptors_max, sources_of
from crowding.server import CONNECTIONS_MAX, Edge, workers_for
from harness.process import wait_until

KEPT_FREE_BYTES = 2 * 1024**3
FIRST_GUESS_BYTES = 10_000  # Per connection, both ends of it, until there is a measurement.
CROWDS_AT_ONCE = 4
CROWD_SIZE_MAX = 50_000  # How often memory is looked at.
# Small segments, as every worker has its own; nobody is ended for idleness.
SETTINGS = """\
events_segment_bytes = "1MiB"

[limits]
body = "64KiB"

[timeouts]
keep_alive = "24h"
"""


class Holder:
    """The edge and its crowds."""

    def __init__(self, arguments, place, tell):
        self.arguments = arguments
        self.place = place
        self.tell = tell
        self.wanted = arguments.connections
        self.crowd_size = min(descriptors_max() - SPARE_DESCRIPTORS, CROWD_SIZE_MAX)
        self.workers = arguments.workers or workers_for(self.wanted, descriptors_max())
        self.edge = Edge(arguments.build, place, arguments.server_cpu, workers=self.workers,
                         backend=arguments.backend, segment_bytes="1MiB", extra=SETTINGS,
                         connections_max=min(descriptors_max() - 256, CONNECTIONS_MAX))
        self.crowds = []
        self.waiting = []  # Of the crowds: those not ready yet.
        self.stopped_early = ""

    def open(self):
        """With every worker's own memory touched, so that what is added later is connections."""
        self.edge.open()
        self.edge.load(3, self.arguments.client_cpu, connections=32 * self.workers)
        if self.arguments.realtime:
            self.edge.put_workers_first()
        self.pid = self.edge.process.pid
        self.tell(f"{self.workers} workers, {descriptors_max()} files each; crowds of "
                  f"{self.crowd_size:,}")

    def gather(self):
        """Opens the crowds; how many connections they have, and in what time."""
        start = time.monotonic()
        self.available_before = memory.available_bytes()
        held = 0
        while held < self.wanted and not self.stopped_early:
            count = min(self.crowd_size, self.wanted - held)
            if not self.has_room_for(held, count):
                break
            self.start_crowd(count)
            held += count
            self.settle(CROWDS_AT_ONCE - 1)
        self.settle(0)
        seconds = time.monotonic() - start
        self.edge.discard_logs()
        return held, seconds

    def start_crowd(self, count):
        first = len(self.crowds) * sources_of(self.crowd_size)
        crowd = Crowd(self.arguments.build, self.place, self.edge.config.port, count,
                      self.arguments.client_cpu, first_source=first, options=["--ask"])
        self.crowds.append(crowd)
        self.waiting.append(crowd.start())

    def settle(self, waiting_max):
        """Until no more than so many crowds are still connecting."""
        while len(self.waiting) > waiting_max:
            crowd = self.waiting.pop(0)
            crowd.wait_until_ready(600)
            done = sum(each.connections for each in self.crowds if each not in self.waiting)
            self.tell(f"{done:>10,} connections; {memory.available_bytes() / 2**20:,.0f} MiB free")
            self.edge.discard_logs()

    def has_room_for(self, held, count):
        """False, with the arithmetic told, when so many more would leave too little memory."""
        settled = held - sum(each.connections for each in self.waiting)
        free = memory.available_bytes()
        each = (self.available_before - free) / settled if settled else FIRST_GUESS_BYTES
        each = max(each, FIRST_GUESS_BYTES / 2)
        needed = each * (count + held - settled) + KEPT_FREE_BYTES
        if needed <= free:
            return True
        self.stopped_early = (
            f"{free / 2**20:,.0f} MiB are free after {settled:,} connections; {count:,} more at "
            f"{each:,.0f} bytes each, beside {KEPT_FREE_BYTES / 2**20:,.0f} MiB to be left free, "
            f"take {needed / 2**20:,.0f} MiB")
        return False

    def look(self):
        """What the edge and the kernel use now."""
        return {"edge_bytes": memory.anonymous_bytes(self.pid),
                "slab_bytes": memory.slab_bytes(), "available_bytes": memory.available_bytes(),
                "slabs": memory.slabs_by_name(),
                "mappings": memory.anonymous_by_mapping(self.pid)}

    def wait_until_counted(self, count):
        """The edge has them too; its gauge is a second late."""
        wait_until(lambda: self.edge.metric("pixel_edge_connections_open") >= count, 10,
                   f"the edge counts {count} connections", pause=0.5)

    def load(self):
        result, used = self.edge.load(self.arguments.seconds, self.arguments.client_cpu)
        result.require_clean("64 connections")
        return {"answers_per_second": result.report["rate"],
                "cpu_us_per_request": used * 1e6 / result.answered,
                "p50_us": result.latency_us("p50"), "p99_us": result.latency_us("p99"),
                "p99_9_us": result.latency_us("p99_9")}

    def end_crowds(self):
        """How many of their connections were no longer open."""
        closed = 0
        while self.crowds:
            closed += self.crowds[0].end()["closed"]
            self.crowds.pop(0)
        return closed

    def stop(self):
        """The crowds first: whoever goes first ends its connections by itself."""
        for crowd in self.crowds:
            with contextlib.suppress(Exception):
                crowd.stop()
        self.edge.stop()


def measure(arguments, place, tell):
    holder = Holder(arguments, place, tell)
    try:
        holder.open()
        without = [holder.load()]
        before = holder.look()
        held, seconds = holder.gather()
        holder.wait_until_counted(held)
        after = holder.look()
        beside = holder.load()
        closed = holder.end_crowds()
        wait_until(lambda: holder.edge.metric("pixel_edge_connections_open") == 0, 120,
                   "the edge has let go of all connections", pause=1)
        without.append(holder.load())
    finally:
        holder.stop()
    return {"held": held, "workers": holder.workers, "seconds_to_connect": seconds,
            "closed": closed, "stopped_early": holder.stopped_early,
            "edge_bytes_each": (after["edge_bytes"] - before["edge_bytes"]) / held,
            "edge_bytes_in_all": after["edge_bytes"],
            "slab_bytes_each": (after["slab_bytes"] - before["slab_bytes"]) / held,
            "available_bytes_each":
                (before["available_bytes"] - after["available_bytes"]) / held,
            "mappings": memory.growth(before["mappings"], after["mappings"], held, 1)[:8],
            "slabs": memory.growth(before["slabs"], after["slabs"], held, 32)[:12],
            "load": {"before": without[0], "beside": beside, "after": without[1]}}
