# SPDX-License-Identifier: Apache-2.0
"""A ClickHouse server of our own, in a directory of its own, on ports of 127.0.0.1 that were free;
nothing of a system's server is touched.

As a program, for tests that are not Python:

    tools/harness/clickhouse.py DIR     makes and starts one, prints its URL, runs until its
                                        standard input ends
"""

import pathlib
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.process import Failure, Process, free_port, wait_until  # noqa: E402

CONFIG = """\
<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>{place}/server.log</log>
    <errorlog>{place}/error.log</errorlog></logger>
  <http_port>{port}</http_port>
  <listen_host>127.0.0.1</listen_host>
  <path>{place}/data/</path>
  <tmp_path>{place}/tmp/</tmp_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
</yandex>
"""
USERS = """\
<?xml version="1.0"?>
<yandex>
  <profiles><default/></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></default></users>
  <quotas><default/></quotas>
</yandex>
"""


def server_program():
    """The path of the server; None where it is not installed."""
    return shutil.which("clickhouse-server") or shutil.which("clickhouse-server", path="/usr/sbin")


class Clickhouse:
    """Started on entry, gone on exit."""

    def __init__(self, place):
        self.place = pathlib.Path(place)
        self.port = free_port()
        for folder in ("data", "tmp"):
            (self.place / folder).mkdir(parents=True, exist_ok=True)
        (self.place / "config.xml").write_text(CONFIG.format(place=self.place, port=self.port),
                                               encoding="utf-8")
        (self.place / "users.xml").write_text(USERS, encoding="utf-8")
        self.process = Process("clickhouse-server",
                               [server_program(), f"--config-file={self.place}/config.xml"],
                               self.place / "output.log")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.process.kill()

    def start(self, wait=True):
        self.process.start()
        if wait:
            self.wait()
        return self

    def wait(self):
        self.process.wait_for_port(self.port, seconds=30)
        wait_until(lambda: self.answers(), 30, "ClickHouse answers")

    def answers(self):
        try:
            return self.query("SELECT 1") == "1\n"
        except Failure:
            return False

    def query(self, sql, data=b""):
        """The answer's text; `data` follows the statement."""
        url = self.url + "/?" + urllib.parse.urlencode({"query": sql})
        try:
            with urllib.request.urlopen(url, data=data, timeout=30) as answer:
                return answer.read().decode("utf-8")
        except urllib.error.HTTPError as error:
            raise Failure(f"{sql}: {error.read().decode('utf-8', 'replace')}") from None
        except OSError as error:
            raise Failure(f"{sql}: {error}") from None


def main():
    if server_program() is None:
        print("clickhouse-server is not installed", file=sys.stderr)
        return 77
    with Clickhouse(sys.argv[1]) as server:
        print(server.url, flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
