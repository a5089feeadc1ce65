#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The S3 sink against two servers while it is killed: s3rver from npm, looked at with aws, and a
strict one of ours that checks signatures and conditions, loses answers, refuses and is slow. In the
end every line of the log is in both exactly once, and no object was ever written over."""

import collections
import gzip
import json
import os
import random
import re
import time

from support import main_of, skip
from harness.edge import EdgeConfig, make_edge
from harness.load import BackgroundLoad
from harness.object_store import S3rver, StrictS3
from harness.process import Process, program, run

CONFIG = """\
[spool]
path = "{spool}"
[state]
path = "{place}/state"
[admin]
listen = ""

[[sink]]
name = "archive"
kind = "s3"
flush_age = "100ms"
flush_rows = 200
path = "s3://bucket/logs"
endpoint = "{strict}"
distribution = "EDGE"
access_key = "env:STRICT_ACCESS"
secret_key = "file:{place}/strict.secret"

[[sink]]
name = "rows"
kind = "s3"
flush_age = "100ms"
path = "s3://bucket/rows"
endpoint = "{s3rver}"
format = "jsonl"
access_key = "env:S3RVER_ACCESS"
secret_key = "env:S3RVER_SECRET"
"""
NAME = re.compile(r"logs/EDGE\.(\d{4}-\d\d-\d\d)-(\d\d)\.[0-9a-f]{16}(-\d+)?\.gz")
ROWS = re.compile(r"rows/requests/date=(\d{4}-\d\d-\d\d)/hour=(\d\d)/"
                  r"[0-9a-f]{16}(-\d+)?\.jsonl\.gz")
KILLS = 6
FAULTS = ({"status": 503, "code": "SlowDown", "retry_after": 1}, {"status": 500},
          {"status": 409, "code": "ConditionalRequestConflict"}, {"drop": "before"},
          {"drop": "after"}, {"drop": "after"}, {"sleep": 0.3}, {"half": True})


def write_config(place, edge, strict, s3rver):
    path = place / "shipper.toml"
    path.write_text(CONFIG.format(spool=edge.spool, place=place, strict=strict.url,
                                  s3rver=s3rver.url), encoding="utf-8")
    secret = place / "strict.secret"
    secret.write_text(strict.secret + "\n", encoding="utf-8")
    secret.chmod(0o600)
    os.environ.update(STRICT_ACCESS=strict.access, S3RVER_ACCESS=s3rver.access,
                      S3RVER_SECRET=s3rver.secret)
    return path


def kill_again_and_again(build, place, config, strict):
    """The shipper under load, killed at random moments while the server misbehaves."""
    chance = random.Random(4)
    for _ in range(KILLS):
        strict.fail(*({"method": chance.choice(("PUT", "HEAD")), "times": 2, "action": action}
                      for action in chance.sample(FAULTS, 3)))
        shipper = Process("pixel-shipper", [program(build, "pixel-shipper"), "run", "--config",
                                            config], place / "shipper.log").start()
        time.sleep(chance.uniform(0.15, 0.6))
        assert shipper.runs(), shipper.last_words()
        shipper.kill()


def logged_lines(spool):
    lines = []
    for path in sorted((spool / "sealed").glob("*.log")):
        lines += [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return lines


def check_cloudfront(strict, place, lines):
    folder = place / "strict-objects"
    found = collections.Counter()
    for name in strict.download("bucket", folder):
        match = NAME.fullmatch(name)
        assert match, f"no name of CloudFront's: {name}"
        with gzip.open(folder / name, "rt") as content:
            text = content.read().splitlines()
        assert text[0] == "#Version: 1.0" and text[1].startswith("#Fields: date time "), name
        for line in text[2:]:
            assert line.startswith("\t".join([match.group(1), match.group(2)])), f"{name}: {line}"
        found.update(text[2:])
    assert found == collections.Counter(lines), differences(found, collections.Counter(lines))


def check_rows(s3rver, place, lines):
    folder = place / "s3rver-objects"
    found = collections.Counter()
    for name in s3rver.download("bucket", folder):
        match = ROWS.fullmatch(name)
        assert match, f"no name of a row object: {name}"
        with gzip.open(folder / name, "rt") as content:
            for row in map(json.loads, content):
                assert row["request_time"].startswith(f"{match.group(1)}T{match.group(2)}"), name
                found[row["x_edge_request_id"]] += 1
    wanted = collections.Counter(line.split("\t")[14] for line in lines)
    assert found == wanted, differences(found, wanted)


def differences(found, wanted):
    return (f"{sum((wanted - found).values())} missing, {sum((found - wanted).values())} too many, "
            f"of {sum(wanted.values())}")


def test(build, place):
    folder = S3rver.fetch()
    if folder is None:
        skip("no s3rver: needs node, and npm with its network once")
    edge_config = EdgeConfig(place)
    edge_config.segment_bytes, edge_config.segment_age, edge_config.workers = "1MiB", "1s", 2
    edge = make_edge(build, edge_config).start()
    edge.wait_for_port(edge_config.port)
    with StrictS3(place, "--page", "7") as strict, S3rver(folder, place) as s3rver:
        config = write_config(place, edge_config, strict, s3rver)
        url = f"http://127.0.0.1:{edge_config.port}/p.gif?a=1&b=x%20y"
        load = BackgroundLoad(build, url, place, connections=4, seconds=30, rate=1500)
        kill_again_and_again(build, place, config, strict)
        load.stop()
        assert edge.stop() == 0, edge.last_words()
        strict.fail()
        run([program(build, "pixel-shipper"), "run", "--once", "--config", config])
        lines = logged_lines(edge_config.spool)
        assert len(lines) > 1000, f"only {len(lines)} lines"
        check_cloudfront(strict, place, lines)
        check_rows(s3rver, place, lines)
        state = strict.control("state")
        assert state["overwritten"] == 0 and state["uploads"] == 0, state
        puts = collections.Counter(entry["status"] for entry in strict.control("log")
                                   if entry["method"] == "PUT")
        print(f"{len(lines)} lines, {state['objects']} objects, answers to PUT: {dict(puts)}")
        assert puts[412] > 0, "no object was ever met again: the kills showed nothing"


if __name__ == "__main__":
    main_of(test, needs_site=False)
