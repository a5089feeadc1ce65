# SPDX-License-Identifier: Apache-2.0
"""Line charts as SVG, without a library: what bench/plot draws from the ledger."""
