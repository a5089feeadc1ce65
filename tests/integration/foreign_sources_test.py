#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Foreign sources end to end: logs rotated every 10 ms by rename and by copytruncate, and a bucket
whose objects are copied in halves and under other names, while pixel-shipper is killed with SIGKILL
again and again. Every line exactly once in the sink, and the books balance.

    tests/integration/foreign_sources_test.py [--build DIR] [--kills N] [--rotate-ms MS]"""

import argparse
import gzip
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support import ROOT  # noqa: E402
from harness.process import Failure, Process, free_port, program, run  # noqa: E402

HEADER = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes and so on\n"
CONFIG = """\
[spool]
path = "{place}/spool"
[state]
path = "{place}/state"
[admin]
listen = "127.0.0.1:{port}"
[columns]
params = []
[[column]]
name = "id"
type = "integer"
[[source]]
name = "renamed"
kind = "tail"
path = "{place}/renamed/a.log*"
settle = "500ms"
rescan = "500ms"
[[source]]
name = "truncated"
kind = "tail"
path = "{place}/truncated/a.log*"
settle = "500ms"
rescan = "500ms"
[[source]]
name = "bucket"
kind = "cloudfront"
path = "{place}/bucket"
settle = "500ms"
rescan = "500ms"
[[sink]]
name = "lines"
kind = "file"
path = "{place}/out"
flush_age = "20ms"
"""


def line(number):
    fields = ["2026-11-20", "18:52:00", "LHR3-C2", "452", "198.51.100.7", "GET", "example.com",
              "/p.gif", "200", "-", "curl/8", f"id={number}", *["-"] * 21]
    return "\t".join(fields) + "\n"


class Ids:
    """Numbers in writing order over all writers."""

    def __init__(self):
        self.lock = threading.Lock()
        self.next = 0

    def lines(self, count):
        with self.lock:
            first = self.next
            self.next += count
        return "".join(line(number) for number in range(first, first + count))


class Rotator(threading.Thread):
    """Writes and rotates one log; `kept` rotated files stay, the older ones compressed."""

    def __init__(self, folder, ids, by_rename, rotate_s):
        super().__init__(daemon=True)
        self.folder, self.ids, self.by_rename, self.rotate_s = folder, ids, by_rename, rotate_s
        self.ending = threading.Event()
        self.rotations = 0
        self.chance = random.Random(7)
        folder.mkdir()
        self.log = folder / "a.log"

    def run(self):
        log = open(self.log, "a", encoding="ascii")
        log.write(HEADER)
        while not self.ending.is_set():
            log.write(self.ids.lines(self.chance.randrange(1, 30)))
            log.flush()
            time.sleep(self.rotate_s)
            self.rotations += 1
            rotated = self.folder / f"a.log.{self.rotations}"
            if self.by_rename:
                self.log.rename(rotated)
                if self.chance.random() < 0.3:  # The writer has not noticed yet.
                    log.write(self.ids.lines(1))
                log.close()
                log = open(self.log, "a", encoding="ascii")
            else:
                rotated.write_bytes(self.log.read_bytes())
                os.truncate(self.log, 0)
            log.write(HEADER)
            self.compress(self.rotations - 5)
        log.close()

    def compress(self, number):
        plain = self.folder / f"a.log.{number}"
        if number <= 0 or number % 3 != 0 or not plain.exists():
            return
        with open(f"{plain}.gz", "wb") as packed:
            content = gzip.compress(plain.read_bytes(), 1)
            packed.write(content[:len(content) // 2])
            packed.flush()
            packed.write(content[len(content) // 2:])
        plain.unlink()

    def end(self):
        self.ending.set()
        self.join()


class Bucket(threading.Thread):
    """Objects that come half copied, twice, and as other objects under the same name."""

    def __init__(self, folder, ids):
        super().__init__(daemon=True)
        self.folder, self.ids = folder, ids
        self.ending = threading.Event()
        self.chance = random.Random(11)
        self.objects = 0
        folder.mkdir()

    def run(self):
        while not self.ending.is_set():
            content = gzip.compress((HEADER + self.ids.lines(50)).encode(), 1)
            folder = self.folder / f"{self.objects % 7}" / f"{self.objects % 3}"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"E1.2026-11-20-18.{self.objects:08x}.gz"
            self.objects += 1
            with open(path, "wb") as copied:
                copied.write(content[:self.chance.randrange(len(content))])
                copied.flush()
                time.sleep(self.chance.uniform(0, 0.02))
                copied.seek(0)
                copied.write(content)
            if self.chance.random() < 0.2:
                (self.folder / f"again-{self.objects}.gz").write_bytes(content)
            time.sleep(0.01)

    def end(self):
        self.ending.set()
        self.join()


def rows(place):
    for path in sorted((place / "out").glob("*.jsonl")):
        for text in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(text)


def count(place, total):
    seen = bytearray(total)
    duplicated = 0
    for row in rows(place):
        duplicated += seen[row["id"]]
        seen[row["id"]] = 1
    return total - sum(seen), duplicated


def check_lineage(build, config, place):
    """Each row's segment leads to a file that holds its line."""
    known = json.loads(run([program(build, "pixel-shipper"), "sources", "--config", config]).stdout)
    pieces = {piece["segment"]: piece for source in known["sources"] for piece in source["pieces"]}
    for row in list(rows(place))[::97]:
        piece = pieces[row["_segment"]]
        content = pathlib.Path(piece["path"]).read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        found = content[piece["from"] + row["_offset"]:].split(b"\n", 1)[0].decode()
        if found + "\n" != line(row["id"]):
            raise Failure(f"{row['_segment']}+{row['_offset']} is not the line of {row['id']}")
    return known


def test(build, place, kills, rotate_s):
    config = place / "shipper.toml"
    config.write_text(CONFIG.format(place=place, port=free_port()), encoding="ascii")
    (place / "spool").mkdir()
    ids = Ids()
    writers = [Rotator(place / "renamed", ids, True, rotate_s),
               Rotator(place / "truncated", ids, False, rotate_s), Bucket(place / "bucket", ids)]
    shipper = Process("pixel-shipper", [program(build, "pixel-shipper"), "run", "--config", config],
                      place / "shipper.log")
    for writer in writers:
        writer.start()
    shipper.start()
    chance = random.Random(3)
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 0.5))
            if not shipper.runs():
                raise Failure(f"it ended by itself:\n{shipper.last_words()}")
            shipper.kill()
            shipper.start()
    finally:
        for writer in writers:
            writer.end()
        shipper.stop()
    started = time.monotonic()
    run([program(build, "pixel-shipper"), "run", "--once", "--config", config], seconds=120)
    drained_s = time.monotonic() - started
    lost, duplicated = count(place, ids.next)
    print(f"kills={kills} lines={ids.next} drained_s={drained_s:.1f} lost={lost} "
          f"duplicated={duplicated} rotations={[writer.rotations for writer in writers[:2]]} "
          f"objects={writers[2].objects}")
    known = check_lineage(build, config, place)
    status = json.loads(run([program(build, "pixel-shipper"), "status", "--json", "--config",
                             config]).stdout)["sinks"][0]
    counters = [source["counters"] for source in known["sources"]]
    if lost or duplicated:
        raise Failure(f"{lost} lost, {duplicated} duplicated; {counters}")
    for key in ("residue", "pending", "missing", "dead_lettered"):
        if status[key] != 0:
            raise Failure(f"{key} is {status[key]}: {status}")
    if status["written"] != ids.next:
        raise Failure(f"the ledger knows {status['written']} of {ids.next} lines")
    for folder in ("active", "sealed"):  # As an edge would have made them.
        (place / "spool" / folder).mkdir(parents=True, exist_ok=True)
    books = json.loads(run([program(build, "pixel-log"), "audit", "--json", "--drained", "--spool",
                            place / "spool", "--shipper-config", config]).stdout)
    if books["foreign"] != ids.next or books["sinks"][0]["rows"] != ids.next:
        raise Failure(f"pixel-log audit has other books: {books}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "dev")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--rotate-ms", type=float, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pixeledge-test-") as name:
        try:
            test(arguments.build, pathlib.Path(name), arguments.kills, arguments.rotate_ms / 1000)
        except Failure as failure:
            print(f"failed: {failure}")
            sys.exit(1)
    print("passed")


if __name__ == "__main__":
    main()
