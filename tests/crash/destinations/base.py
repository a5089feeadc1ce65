# SPDX-License-Identifier: Apache-2.0
"""What the crash test asks of a destination."""

import collections
import dataclasses

# The columns that are read back, in this order.
COLUMNS = ("id", "run", "a", "b", "cs_user_agent", "_segment", "_offset")


@dataclasses.dataclass
class Found:
    """All rows of a destination, counted."""
    ids: list = dataclasses.field(default_factory=list)
    wrong: int = 0  # Rows that are not what was sent.
    places_twice: int = 0
    example: object = None  # Of a wrong row.


class Expectation:
    """What each row must say beside its number."""

    def __init__(self, seed, user_agent):
        self.rest = (str(seed), "x y", "2", user_agent)

    def count(self, rows):
        """`rows`: tuples of COLUMNS."""
        found, places = Found(), collections.Counter()
        for row in rows:
            identity, rest, place = row[0], tuple(row[1:5]), (row[5], int(row[6]))
            places[place] += 1
            if identity is None or rest != self.rest:
                found.wrong += 1
                found.example = found.example or row
            else:
                found.ids.append(int(identity))
        found.places_twice = sum(1 for count in places.values() if count > 1)
        return found


class Destination:
    """One sink called `name`. `place`: a directory of its own."""

    name = ""
    is_exactly_once = True
    environment = {}  # Of the shipper.
    # How long it waits for an answer that never comes, where asking again earlier is not safe.
    answer_timeout_s = 0

    def __init__(self, place, build):
        self.place = place / self.name
        self.place.mkdir()
        self.build = build

    def start(self):
        """Before the shipper starts."""

    def stop(self):
        """After the last read."""

    def prepare(self, site):
        """When the site is configured, before it starts."""

    def toml(self):
        """Its [[sink]] section, without name and flush_age; {place} is the site's."""
        raise NotImplementedError

    def find(self, site, expectation):
        """All rows, when the shipper has drained."""
        return expectation.count(self.rows(site))

    def rows(self, site):
        raise NotImplementedError

    def in_flight_max(self):
        """At least once: how many rows one kill may double."""
        return 0
