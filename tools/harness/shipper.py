# SPDX-License-Identifier: Apache-2.0
"""pixel-shipper on loopback: its configuration, its start, its answers."""

import dataclasses
import json
import pathlib

from harness.process import Process, free_port, program, run

SHIPPER_TOML = """\
[spool]
path = "{spool}"

[state]
path = "{place}/shipper-state"

[admin]
listen = "127.0.0.1:{admin_port}"

[retention]
enabled = {retention}

[columns]
params = [{params}]
{columns}
"""

# The embedded warehouse, where nothing else is asked for.
EMBEDDED_SINKS = """\
[[sink]]
name = "duckdb"
kind = "duckdb"
path = "{place}/warehouse.duckdb"
flush_age = "{flush_age}"

[[sink]]
name = "lake"
kind = "lake"
path = "{place}/lake"
flush_age = "{flush_age}"
"""


@dataclasses.dataclass
class ShipperConfig:
    """Fields may be changed until write()."""
    place: pathlib.Path
    spool: pathlib.Path
    admin_port: int = dataclasses.field(default_factory=free_port)
    params: tuple = ("a", "b", "c", "d")
    integers: tuple = ()  # Parameters with a column of type integer.
    flush_age: str = "1s"
    retention: bool = True
    sinks: str = EMBEDDED_SINKS  # TOML; {place} and {flush_age} are filled in.

    @property
    def path(self):
        return pathlib.Path(self.place) / "shipper.toml"

    @property
    def state(self):
        return pathlib.Path(self.place) / "shipper-state"

    @property
    def lake(self):
        return pathlib.Path(self.place) / "lake"

    @property
    def admin_url(self):
        return f"http://127.0.0.1:{self.admin_port}"

    def write(self):
        columns = "".join(f'\n[[column]]\nname = "{name}"\ntype = "integer"\n'
                          for name in self.integers)
        self.path.write_text(SHIPPER_TOML.format(
            spool=self.spool, place=self.place, admin_port=self.admin_port,
            retention=str(self.retention).lower(), columns=columns,
            params=", ".join(f'"{name}"' for name in self.params)) +
            self.sinks.format(place=self.place, flush_age=self.flush_age), encoding="utf-8")
        return self


def make_shipper(build, config, cpu=None):
    """The process, not yet started."""
    config.write()
    return Process("pixel-shipper", [program(build, "pixel-shipper"), "run", "--config",
                                     config.path], pathlib.Path(config.place) / "shipper.log",
                   cpu=cpu)


def drain(build, config, seconds=300):
    """Delivers all that is published; no other shipper may run."""
    run([program(build, "pixel-shipper"), "run", "--once", "--config", config.path],
        seconds=seconds)


def query(build, config, sink, sql, seconds=120):
    """The rows of an answer: from the running shipper, or from the files where none runs."""
    done = run([program(build, "pixel-shipper"), "sql", "--config", config.path, "--sink", sink,
                sql], seconds=seconds)
    return json.loads(done.stdout)["rows"]
