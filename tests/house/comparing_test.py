#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/comparing: a peer's lost answers fail its sample, ours end the run; the table of goals."""

import argparse
import contextlib
import dataclasses
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]

from comparing import goals, measure, parts, report  # noqa: E402
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


class Table(unittest.TestCase):
    def printed(self, rows):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            goals.print_goals(rows)
        return out.getvalue()

    def test_counts_what_has_a_limit(self):
        wanted = [goals.Goal("low", 2, lambda figure: figure), goals.stated("told", lambda _: 7),
                  goals.Goal("high", 2, lambda figure: figure, at_least=True),
                  goals.Goal("unknown", 2, lambda _: None)]
        text = self.printed(goals.judge(wanted, 1))
        self.assertIn("1 met, 2 short", text)
        self.assertIn("missing", text)
        self.assertRegex(text, r"told +7\.000 +stated")

    def test_the_limit_itself_is_met_unless_strict(self):
        self.assertTrue(goals.Goal("", 1.0, None).is_met(1.0))
        self.assertFalse(goals.Goal("", 1.0, None, strict=True).is_met(1.0))

    def test_few_ticks_of_user_time_are_no_figure(self):
        few = measure.Sample(0, measure.CLOSED_64.name, goals.EDGE, 1000, 1.0, 0.0, 1.0, 1.0, {})
        many = dataclasses.replace(few, answers=1_000_000, user_us_per_request=0.3)
        goal = goals.user_time(measure.CLOSED_64, 0.35)
        self.assertIsNone(goal.read([few]))
        self.assertAlmostEqual(goal.read([many]), 0.3)

    def test_a_part_that_fails_is_short_and_says_why(self):
        part = parts.Part("broken", "no-such-bench", "nothing", 0)
        arguments = argparse.Namespace(build="b", quick=True)
        with tempfile.TemporaryDirectory() as place:
            with mock.patch.object(parts, "BENCH", pathlib.Path(place)):
                (pathlib.Path(place) / "no-such-bench").write_text(
                    "#!/bin/sh\necho the disk is full >&2\nexit 1\n")
                (pathlib.Path(place) / "no-such-bench").chmod(0o755)
                rows, found = parts.run(part, arguments, place, lambda line: None)
        self.assertIsNone(found)
        self.assertIn("the disk is full", rows[0]["goal"])
        self.assertIn("0 met, 1 short", self.printed(rows))


if __name__ == "__main__":
    unittest.main()
