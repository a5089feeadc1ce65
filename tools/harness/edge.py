# SPDX-License-Identifier: Apache-2.0
"""pixel-edge on loopback: its configuration in a directory of its own, and its start."""

import dataclasses
import pathlib

from harness.process import Process, free_port, program

EDGE_TOML = """\
[server]
listen = [{listen}]
workers = {workers}
connections_max = {connections_max}
backend = "{backend}"
handover = "{handover}"

[admin]
listen = "127.0.0.1:{admin_port}"

[node]
key_file = "{place}/node.key"

[log]
durability = "{durability}"

[spool]
path = "{spool}"
segment_bytes = "{segment_bytes}"
segment_age = "{segment_age}"

{extra}
[drain]
patience = "2s"
"""


@dataclasses.dataclass
class EdgeConfig:
    """Fields may be changed until write()."""
    place: pathlib.Path
    port: int = dataclasses.field(default_factory=free_port)
    admin_port: int = dataclasses.field(default_factory=free_port)
    paths: list = dataclasses.field(default_factory=lambda: ["/p.gif"])
    workers: int = 1
    connections_max: int = 16_384  # Per worker.
    backend: str = "auto"
    durability: str = "process"
    segment_bytes: str = "64MiB"
    segment_age: str = "60s"
    more_ports: tuple = ()  # Beside `port`.
    handover: str = ""  # A path of up to 107 bytes; none unless a test wants to take over.
    delay: str = ""  # drain.delay
    extra: str = ""  # More tables, as TOML text.

    @property
    def path(self):
        return pathlib.Path(self.place) / "edge.toml"

    @property
    def spool(self):
        return pathlib.Path(self.place) / "spool"

    @property
    def key(self):
        return pathlib.Path(self.place) / "node.key"

    @property
    def admin_url(self):
        return f"http://127.0.0.1:{self.admin_port}"

    def write(self):
        listen = ", ".join(f'"127.0.0.1:{port}"' for port in (self.port, *self.more_ports))
        text = EDGE_TOML.format(spool=self.spool, listen=listen, **dataclasses.asdict(self))
        text += f'delay = "{self.delay}"\n' if self.delay else ""
        text += "".join(f'\n[[route]]\nkind = "pixel"\npath = "{path}"\n' for path in self.paths)
        self.path.write_text(text, encoding="utf-8")
        self.spool.mkdir(exist_ok=True)
        return self


def make_edge(build, config, cpu=None):
    """The process, not yet started."""
    config.write()
    return Process("pixel-edge", [program(build, "pixel-edge"), "--config", config.path],
                   pathlib.Path(config.place) / "edge.log", cpu=cpu)


def start_edge(build, config, cpu=None):
    """Started and serving."""
    process = make_edge(build, config, cpu).start()
    process.wait_for_port(config.port)
    return process
