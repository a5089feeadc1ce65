#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The edge from start to end: ready, draining, restarted, killed, refused a port, without a place
for lines; and what it leaves in its spool each time."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request

from support import get, main_of, send
from harness.edge import EdgeConfig, make_edge
from harness.process import program, run, wait_until


def admin(config, path):
    """Status and body of the admin listener's answer."""
    try:
        with urllib.request.urlopen(config.admin_url + path, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except urllib.error.URLError as unreachable:
        return 0, str(unreachable)


def ask(config, count):
    for number in range(count):
        answer = send(config.port, get(f"/p.gif?n={number}"))
        assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]


def books(config, suffix):
    return [json.loads(path.read_text()) for path in
            sorted((config.spool / "sealed").glob("*" + suffix))]


def sealed_lines(config):
    return sum(manifest["lines"] for manifest in books(config, ".manifest"))


def active_files(config):
    return sorted(path.name for path in (config.spool / "active").iterdir())


def new_config(place, name, **options):
    folder = place / name
    folder.mkdir()
    return EdgeConfig(place=folder, segment_bytes="1MiB", workers=2, **options)


def wait_until_ready(edge, config, status=200):
    """The public port does not tell: the listeners of a killed io_uring process outlive it by some
    milliseconds, and take connections that nobody will answer."""
    wait_until(lambda: admin(config, "/readyz")[0] == status, 10, f"/readyz says {status}")
    return edge


def start_ready(build, config):
    return wait_until_ready(make_edge(build, config).start(), config)


def start_patient(build, config, settings):
    """Started with these [drain] settings."""
    edge = make_edge(build, config)
    config.path.write_text(config.path.read_text().replace('patience = "2s"', settings))
    return wait_until_ready(edge.start(), config)


def check_ready_and_metrics(build, place):
    config = new_config(place, "ready")
    edge = start_ready(build, config)
    assert admin(config, "/readyz") == (200, "ready\n")
    ask(config, 5)
    assert admin(config, "/healthz") == (200, "ok\n")
    status, text = admin(config, "/metrics")
    assert status == 200
    lines = [line for line in text.splitlines() if line.startswith("pixel_edge_lines_total{")]
    assert sum(int(line.split()[-1]) for line in lines) == 5, lines
    assert 'pixel_edge_info{version="' in text and "pixel_edge_ready 1" in text
    assert edge.stop() == 0, edge.last_words()
    assert active_files(config) == []
    assert sealed_lines(config) == 5
    (ledger,) = books(config, ".boot")
    assert (ledger["lines"], ledger["answers"], ledger["clean"]) == (5, 5, True), ledger


def check_kill_and_restart(build, place):
    """Nothing a killed process leaves keeps the next from starting, within the same second too."""
    config = new_config(place, "kill")
    for _ in range(10):
        edge = start_ready(build, config)
        ask(config, 3)
        edge.kill()
    edge = start_ready(build, config)
    assert sealed_lines(config) == 30
    assert edge.stop() == 0
    ledgers = books(config, ".boot")
    assert [ledger["clean"] for ledger in ledgers] == [False] * 10 + [True], ledgers
    assert len({ledger["boot"] for ledger in ledgers}) == 11
    assert {manifest["reason"] for manifest in books(config, ".manifest")} == {"recovered"}


def check_drain(build, place):
    """Not ready at once, serving all the same, then gone; an open connection is waited for."""
    config = new_config(place, "drain")
    edge = start_patient(build, config, 'patience = "2s"\ndelay = "1s"')
    edge.child.send_signal(signal.SIGTERM)
    wait_until(lambda: admin(config, "/readyz") == (503, "not ready: draining\n"), 0.8, "503")
    ask(config, 2)
    assert edge.child.wait(10) == 0, edge.last_words()
    assert sealed_lines(config) == 2


def check_second_signal(build, place):
    """SIGINT twice: no more patience, but all is sealed."""
    config = new_config(place, "hurry")
    edge = start_patient(build, config, 'patience = "60s"\ndelay = "60s"')
    ask(config, 2)
    edge.child.send_signal(signal.SIGINT)
    wait_until(lambda: admin(config, "/readyz")[0] == 503, 5, "503 after SIGINT")
    edge.child.send_signal(signal.SIGINT)
    assert edge.child.wait(10) == 0, edge.last_words()
    assert sealed_lines(config) == 2 and active_files(config) == []


def check_taken_port(build, place):
    """A second edge on the port is refused, although both would use SO_REUSEPORT, and changes
    nothing in the first one's spool."""
    config = new_config(place, "port")
    edge = start_ready(build, config)
    second = run([program(build, "pixel-edge"), "--config", config.path], check=False)
    assert second.returncode == 1
    assert "Address already in use; another process listens there" in second.stderr, second.stderr
    ask(config, 1)
    assert edge.stop() == 0
    assert len(books(config, ".boot")) == 1


def check_lost_disk(build, place):
    """No standby and no place: 503, not ready, the process lives; all is well when space returns.
    The spool is a file system of 100 MiB: what the standby segments of both workers take fits."""
    config = new_config(place, "full").write()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "none", config.spool],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        print("full disk: skipped, needs mount:", mounted.stderr.decode().strip())
        return
    try:
        ballast = config.spool / "ballast"
        ballast.write_bytes(bytes(98 * 1024 * 1024 + 512 * 1024))
        edge = wait_until_ready(make_edge(build, config).start(), config, status=503)
        assert send(config.port, get("/p.gif")).startswith(b"HTTP/1.1 503 ")
        status, why = admin(config, "/readyz")
        assert status == 503 and "No space left on device" in why, why
        assert admin(config, "/healthz")[0] == 200
        ballast.unlink()
        wait_until(lambda: admin(config, "/readyz")[0] == 200, 5, "ready again")
        wait_until(lambda: send(config.port, get("/p.gif")).startswith(b"HTTP/1.1 200 "), 5, "200")
        assert edge.stop() == 0, edge.last_words()
        (ledger,) = books(config, ".boot")
        assert ledger["refused"] >= 1 and ledger["lines"] == sealed_lines(config) >= 1, ledger
    finally:
        subprocess.run(["umount", "-l", config.spool], check=False)


def test(build, place):
    for check in (check_ready_and_metrics, check_kill_and_restart, check_drain,
                  check_second_signal, check_taken_port, check_lost_disk):
        begin = time.monotonic()
        check(build, place)
        print(f"{check.__name__}: {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main_of(test, needs_site=False)
