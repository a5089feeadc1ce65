# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL that stands in for a Redshift cluster: what differs is done between the two."""
