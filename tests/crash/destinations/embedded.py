# SPDX-License-Identifier: Apache-2.0
"""Destinations without a server: DuckDB, the lake, files."""

import json

from destinations.base import COLUMNS, Destination, Found

CHUNK = 200_000


class Queried(Destination):
    """Counts in the sink itself, by SQL: millions of rows take no time."""

    def find(self, site, expectation):
        found = Found()
        low, high = site.sql(self.name, "select min(id), max(id) from requests")[0]
        if low is not None:
            for begin in range(low, high + 1, CHUNK):  # A query's answer has a limit of rows.
                text = site.sql(self.name, "select string_agg(id::varchar, ' ') from requests "
                                f"where id >= {begin} and id < {begin + CHUNK}")[0][0]
                found.ids += [int(word) for word in (text or "").split()]
        found.places_twice = site.sql(
            self.name, "select count(*) from (select _segment, _offset from requests "
            "group by all having count(*) > 1)")[0][0]
        run, a, b, agent = expectation.rest
        found.wrong = site.sql(
            self.name, f"select count(*) from requests where id is null or run is distinct from "
            f"'{run}' or a is distinct from '{a}' or b is distinct from '{b}' "
            f"or cs_user_agent is distinct from '{agent}'")[0][0]
        return found


class Duckdb(Queried):
    name = "duckdb"

    def toml(self):
        return 'kind = "duckdb"\npath = "{place}/warehouse.duckdb"\n'


class Lake(Queried):
    name = "lake"

    def toml(self):
        return 'kind = "lake"\npath = "{place}/lake"\n'


def read_json_lines(lines):
    for line in lines:
        row = json.loads(line)
        yield tuple(row.get(column) for column in COLUMNS)


class File(Destination):
    name = "file"

    def toml(self):
        return f'kind = "file"\npath = "{self.place}/out"\nmax_file_bytes = "4MiB"\n'

    def rows(self, site):
        for path in sorted((self.place / "out").glob("requests*.jsonl")):
            with open(path, encoding="utf-8") as lines:
                yield from read_json_lines(lines)
