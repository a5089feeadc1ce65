# SPDX-License-Identifier: Apache-2.0
"""The parts of bench/slow_clients and bench/idle_connections: crowds, their server, its memory."""
