# SPDX-License-Identifier: Apache-2.0
"""The parts of bench/durability: its servers and the bare disk, its rows and goals."""
