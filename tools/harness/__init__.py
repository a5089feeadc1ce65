# SPDX-License-Identifier: Apache-2.0
"""Runs the real programs on loopback for quickstart, the crash test, the integration tests and
bench/compare: configurations, processes, load, books. Python 3 standard library only."""
