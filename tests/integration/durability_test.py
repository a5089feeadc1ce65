#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers that wait for the disk (log.durability = "disk"), with the real ring and a real disk: all
are given, many share a sync, and killing the process loses none. That none comes too early is shown
where the disk can be told to be slow: tests/sim/worker_disk_test.cc."""

import json
import re
import urllib.request

from support import main_of
from harness.edge import EdgeConfig, make_edge
from harness.load import BackgroundLoad, run_load
from harness.process import program, run, wait_until

CONNECTIONS = 32
PATIENCE = "60s"  # A disk that others keep busy may stand still for seconds.


def metrics(config):
    with urllib.request.urlopen(config.admin_url + "/metrics", timeout=5) as answer:
        return answer.read().decode()


def total(text, name):
    return sum(float(value) for value in re.findall(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE))


def start(build, place, name, backend, segment_bytes="4MiB"):
    folder = place / f"{name}-{backend}"
    folder.mkdir()
    # Small segments: groups reach over their ends. Smaller ones could fill faster than the keeper
    # syncs their names.
    config = EdgeConfig(place=folder, durability="disk", backend=backend,
                        segment_bytes=segment_bytes)
    return config, restart(build, config)


def is_ready(config):
    try:
        with urllib.request.urlopen(config.admin_url + "/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def restart(build, config):
    """The public port does not tell: the listeners of a killed io_uring process outlive it by some
    milliseconds, and take connections that nobody will answer."""
    edge = make_edge(build, config).start()
    wait_until(lambda: is_ready(config), 60, "ready")
    return edge


def url(config):
    return f"http://127.0.0.1:{config.port}/p.gif?n={{seq}}"


def audit(build, config, *options):
    done = run([program(build, "pixel-log"), "audit", "--json", "--drained", "--spool",
                config.spool, "--key", config.key, *options], check=False)
    result = json.loads(done.stdout)
    assert done.returncode == 0 and result["balanced"], result
    return result


def check_groups(build, place, backend):
    config, edge = start(build, place, "groups", backend)
    load = run_load(build, url(config), connections=CONNECTIONS, seconds=3,
                    timeout=PATIENCE)
    load.require_clean(f"{backend}, waiting for the disk")
    text = metrics(config)
    syncs = total(text, "pixel_edge_sync_seconds_count")
    assert 0 < syncs <= load.answered / 2, (syncs, load.answered)
    assert total(text, "pixel_edge_sync_seconds_sum") > 0
    assert total(text, "pixel_edge_answers_held") == 0
    assert total(text, "pixel_edge_sync_errors_total") == 0
    assert edge.stop() == 0, edge.last_words()
    assert not list((config.spool / "active").iterdir())
    result = audit(build, config, "--answered", load.answered)
    assert result["logged"] == load.answered, (result["logged"], load.answered)
    print(f"{backend}: {load.answered} answers by {syncs:.0f} syncs")


def check_pipelines(build, place, backend):
    """More answers on a connection than one send of a group holds."""
    config, edge = start(build, place, "pipelines", backend, "64MiB")
    load = run_load(build, url(config), connections=4, pipeline=256, seconds=1,
                    timeout=PATIENCE)
    load.require_clean(f"{backend}, pipelined")
    assert edge.stop() == 0, edge.last_words()
    audit(build, config, "--answered", load.answered)


def check_kill(build, place, backend):
    """Under load all the time; each request has a number that is never used twice."""
    config, edge = start(build, place, "kill", backend)
    ids = config.place / "ids"
    load = BackgroundLoad(build, url(config), config.place, connections=CONNECTIONS, ids=ids)
    for _ in range(3):
        wait_until(lambda: total(metrics(config), "pixel_edge_answers_total") > 500, 60, "answers")
        edge.kill()
        edge = restart(build, config)
    load.stop()
    assert edge.stop() == 0, edge.last_words()
    assert len(ids.read_text().split()) > 1000
    audit(build, config, "--ids", ids, "--parameter", "n")


def test(build, place):
    for backend in ("auto", "epoll"):
        check_groups(build, place, backend)
        check_pipelines(build, place, backend)
        check_kill(build, place, backend)


if __name__ == "__main__":
    main_of(test, needs_site=False)
