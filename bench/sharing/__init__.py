# SPDX-License-Identifier: Apache-2.0
"""What edge and shipper leave each other of one CPU."""
