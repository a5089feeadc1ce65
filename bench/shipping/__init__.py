# SPDX-License-Identifier: Apache-2.0
"""The parts of bench/shipper: what is run, how it is measured, what it must reach."""
