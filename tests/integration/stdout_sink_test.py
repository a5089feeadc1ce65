#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The stdout sink in pipes: every line once for a slow reader; at least once over kills, the log's
lines as they are where that is wanted; and a reader that ends is told, with what is in the log kept
for the next one."""

import json
import subprocess
import time

from receivers import fill_spool, make_site
from support import main_of
from harness.process import Failure, program

SINK = """\
name = "out"
kind = "stdout"
flush_rows = 500
{extra}
"""


def check(is_true, text):
    if not is_true:
        raise Failure(text)


def command(site, *options):
    return [program(site.build, "pixel-shipper"), "run", *options, "--config",
            str(site.shipper_config.write().path)]


def read_slowly(stream):
    text = b""
    while piece := stream.read(50_000):
        text += piece
        time.sleep(0.01)
    return text.decode("utf-8")


def test_slow_reader(site):
    site.shipper_config.sink = SINK.format(extra="")
    with subprocess.Popen(command(site, "--once"), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as shipper:
        text = read_slowly(shipper.stdout)
        check(shipper.wait(30) == 0, f"exit {shipper.returncode}")
    numbers = [int(json.loads(line)["id"]) for line in text.splitlines()]
    check(sorted(numbers) == list(range(3000)), f"{len(numbers)} rows, not 3000")


def test_kills(site):
    """Each life's output by itself: a killed one's last line may be cut, and what had not been
    acked comes again."""
    site.shipper_config.sink = SINK.format(extra="").replace('"out"', '"killed"')
    seen = []
    for patience in (1, 20_000, 300_000, 700_000):
        with subprocess.Popen(command(site), stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as shipper:
            text = shipper.stdout.read(patience)
            shipper.kill()
        seen += [json.loads(line)["id"] for line in text.decode("utf-8").split("\n")[:-1]]
    with subprocess.Popen(command(site, "--once"), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as shipper:
        seen += [json.loads(line)["id"] for line in read_slowly(shipper.stdout).splitlines()]
    # What a pipe had taken when its reader went with the shipper is lost with it: at most a pipe.
    missing = 3000 - len(set(seen))
    check(missing <= 4 * 200, f"{missing} of 3000 rows never came")
    check(max(int(number) for number in seen) == 2999, "the last row is missing")


def test_raw(site):
    site.shipper_config.sink = SINK.format(extra='format = "raw"').replace('"out"', '"raw"')
    done = subprocess.run(command(site, "--once"), capture_output=True, check=True, timeout=60)
    logged = b"".join(path.read_bytes() for path in site.sealed_logs())
    wanted = sorted(line for line in logged.splitlines() if not line.startswith(b"#"))
    check(sorted(done.stdout.splitlines()) == wanted, "the lines are not the log's")


def test_reader_ends(site):
    """As in `pixel-shipper run | head -n 1`."""
    site.shipper_config.sink = SINK.format(extra='retry_cap = "50ms"').replace('"out"', '"ended"')
    head = subprocess.Popen(["head", "-n", "1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    with subprocess.Popen(command(site, "--once"), stdout=head.stdin, stderr=subprocess.PIPE,
                          text=True) as shipper:
        head.stdin.close()
        head.wait(30)
        said = shipper.communicate(timeout=60)[1]
    check(shipper.returncode != 0, "it ended as if all were delivered")
    check("standard output is closed" in said, f"it does not say why: {said}")


def test(build, place):
    site = make_site(place, build, "")
    fill_spool(site, 3000)
    for part in (test_slow_reader, test_kills, test_raw, test_reader_ends):
        started = time.monotonic()
        part(site)
        print(f"{part.__name__}: {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main_of(test, needs_site=False)
