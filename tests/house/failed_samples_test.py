#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/comparing: a peer's lost answers fail its sample, ours end the run."""

import pathlib
import sys
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]

from comparing import goals, measure, report  # noqa: E402
from harness.process import Failure  # noqa: E402


class FakeServer:
    def __init__(self, name, is_peer, fails_in=()):
        self.name, self.is_peer, self.fails_in, self.restarts = name, is_peer, fails_in, 0

    def restart(self):
        self.restarts += 1


def fake_measure(_build, server, scenario, number, _seconds, _cpu):
    if number in server.fails_in:
        raise Failure("15 requests unanswered")
    cost = 2.0 if server.is_peer else 1.0
    return measure.Sample(number, scenario.name, server.name, 1, cost, cost, cost, 1.0,
                          {"p50": cost})


def run(servers):
    failures = []
    with mock.patch.object(measure, "measure", fake_measure):
        samples = measure.run_rounds(None, servers, [measure.CLOSED_64], 3, 1, 0,
                                     lambda line: None, failures)
    return samples, failures


class FailedSamples(unittest.TestCase):
    def test_a_peer_is_restarted_and_its_remaining_samples_count(self):
        peer = FakeServer("lighttpd", True, fails_in=(1,))
        samples, failures = run([FakeServer("pixel-edge", False), peer])
        self.assertEqual((len(samples), peer.restarts), (5, 1))
        self.assertEqual(report.failed_lines(failures, 3),
                         ["lighttpd, 64 connections: 1 of 3 samples failed: 15 requests unanswered"])
        self.assertEqual(measure.ratio(samples, "64 connections", "pixel-edge", "lighttpd"), 0.5)
        self.assertEqual(measure.latency_ratio(samples, "64 connections", "pixel-edge", "lighttpd",
                                               "p50"), 0.5)

    def test_a_goal_without_samples_is_short(self):
        samples, _ = run([FakeServer("pixel-edge", False),
                          FakeServer("lighttpd", True, fails_in=(0, 1, 2))])
        goal = goals.cost(measure.CLOSED_64, "pixel-edge", "lighttpd", 0.65)
        row, = goals.judge([goal], samples)
        self.assertEqual((row["figure"], row["met"]), (None, False))

    def test_a_loss_of_ours_ends_the_run(self):
        with self.assertRaises(Failure):
            run([FakeServer("pixel-edge", False, fails_in=(0,))])


if __name__ == "__main__":
    unittest.main()
