# SPDX-License-Identifier: Apache-2.0
"""Where the crash test lets the shipper deliver to: one class per kind of sink. Each starts the
real thing on loopback, says how the sink is configured, and reads back every row that lies
there."""

from destinations.embedded import Duckdb, File, Lake
from destinations.servers import S3, Clickhouse, ClickhouseTokens, Http, Postgres

ALL = {kind.name: kind for kind in (Duckdb, Lake, File, Postgres, S3, Clickhouse,
                                    ClickhouseTokens, Http)}
