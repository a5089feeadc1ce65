#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A deploy that nobody notices: under an open-loop load settings are reloaded, the program is
replaced, taken over from, and restarted by a service manager. No connection is refused or reset,
none is closed without a word, every request gets its 2xx, and every answer has its one line.

By default 20,000 requests/s, or a third of what this build can do here, if that is less; --rate and
--seconds fix both. What the clients noticed at most (the longest wait for an answer, from the time
the request was meant for) is printed for each scenario."""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import time

from support import get, main_of, send
from harness.edge import EdgeConfig
from harness.load import BackgroundLoad, run_load
from harness.process import LIBC, Failure, Process, program, run, wait_until
from service_manager import ServiceManager

PR_SET_CHILD_SUBREAPER = 36
RATE = 20_000
SECONDS = 5.0
CONNECTIONS = 64
PATIENCE = "15s"  # Machines pause; what is lost or forgotten never comes.
NEWCOMERS_SHARE = 50  # Of so many requests one comes on a connection of its own.
BAD_SETTINGS = "[server]\nlisten = 5\nno_such_key = 1\n"


class Traffic:
    """What the clients do: most on connections that they keep, some with one for each request."""

    def __init__(self, build, config, rate):
        url = f"http://127.0.0.1:{config.port}{config.paths[0]}"
        self.rate = rate
        self.folders = {name: config.place / name for name in ("kept", "newcomer")}
        self.loads = {}
        for name, folder in self.folders.items():
            folder.mkdir()
            kept = name == "kept"
            self.loads[name] = BackgroundLoad(
                build, f"{url}?{name}={{seq}}", folder, seconds=120, ids=folder / "ids",
                timeout=PATIENCE, stop_wait=PATIENCE,
                connections=CONNECTIONS, rate=rate if kept else rate / NEWCOMERS_SHARE,
                headers=() if kept else ("Connection: close",))

    def stop(self):
        """{name: LoadResult}."""
        return {name: load.stop() for name, load in self.loads.items()}

    def kill(self):
        for load in self.loads.values():
            load.process.kill()


class Deployment:
    """One edge at its path, with every process that has been it; started by hand, or by a service
    manager that keeps its listeners."""

    def __init__(self, build, folder, backend="auto", managed=False):
        folder.mkdir()
        self.build = build
        self.config = EdgeConfig(place=folder, workers=2, backend=backend,
                                 handover=str(folder / "edge.sock")).write()
        self.program = folder / "pixel-edge"
        self.log = folder / "edge.log"
        self.manager = ServiceManager(folder) if managed else None
        self.children = []  # Kept: Python would reap the process of one that is forgotten.
        self.alive = set()
        self.pid = 0
        self.asked = 0
        self.replace_program(program(build, "pixel-edge"))

    def replace_program(self, source):
        """As a package does it: the path never lacks a program."""
        new = self.program.with_suffix(".new")
        shutil.copy(source, new)
        os.replace(new, self.program)

    def start(self, *flags):
        command = [self.program, "--config", self.config.path, *flags]
        if self.manager:
            said = len(self.manager.messages)
            child = self.manager.start(command, self.log)
        else:
            child = Process("pixel-edge", command, self.log).start().child
        self.children.append(child)
        self.alive.add(child.pid)
        self.pid = child.pid
        if self.manager:
            self.manager.wait_for("READY", 30, after=said)
        elif not flags:
            wait_until(lambda: "serving on" in self.said(), 30, "pixel-edge serves")

    def said(self):
        return self.log.read_text(errors="replace")

    def signal(self, number):
        os.kill(self.pid, number)

    def wait_for_end(self, pid):
        """It must be a clean one."""
        _, status = wait_until(lambda: (found := os.waitpid(pid, os.WNOHANG))[0] and found, 60,
                               f"the end of process {pid}:\n{self.said()[-2000:]}")
        self.alive.discard(pid)
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            raise Failure(f"process {pid} ended with {code}:\n{self.said()[-2000:]}")

    def stop(self):
        self.signal(signal.SIGTERM)
        self.wait_for_end(self.pid)

    def kill(self):
        """Whatever is left after a failure, a successor that we have not met yet too."""
        left = self.alive | {int(pid) for pid in self.successors()}
        left = [pid for pid in left if self.is_ours(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        for pid in left + left:  # A successor is ours to wait for once its parent is gone.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        if self.manager:
            self.manager.close()

    def is_ours(self, pid):
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{pid}/exe").startswith(str(self.program))
        return False

    def upgrade(self):
        """SIGUSR2; returns when the old process is gone."""
        old = self.pid
        before = len(self.successors())
        self.signal(signal.SIGUSR2)
        found = wait_until(lambda: self.successors()[before:], 10, "a successor starts")
        self.pid = int(found[0])
        self.alive.add(self.pid)
        self.wait_for_end(old)
        if self.manager:
            self.manager.receive()
            main = [message["MAINPID"] for _, message in self.manager.messages
                    if "MAINPID" in message]
            assert main[-1] == str(self.pid), main

    def successors(self):
        return re.findall(r"process (\d+) starts to take over", self.said())

    def runs_program(self):
        """Whether the process is of the file that now has the path."""
        return os.path.samestat(os.stat(f"/proc/{self.pid}/exe"), os.stat(self.program))

    def ask(self, target):
        """The status of an answer that the books have to account for too."""
        self.asked += 1
        answer = send(self.config.port, get(target))
        assert answer.startswith(b"HTTP/1.1 "), answer
        return int(answer[9:12])


# --- What is done to it ------------------------------------------------------------------------

def reload_settings(edge):
    """Routes come and go; settings that make no sense change nothing."""
    for number in range(3):
        edge.config.paths = ["/p.gif", f"/extra{number}.gif"]
        edge.config.write()
        edge.signal(signal.SIGHUP)
        wait_until(lambda path=edge.config.paths[1]: edge.ask(path) == 200, 10, "the new route",
                   pause=0.05)
        if number > 0:  # Each worker takes new rules in its own next second.
            wait_until(lambda path=f"/extra{number - 1}.gif": edge.ask(path) == 404, 10,
                       "the old route's end", pause=0.05)
        edge.config.path.write_text(BAD_SETTINGS)
        edge.signal(signal.SIGHUP)
        wait_until(lambda: edge.said().count("settings not changed") > number, 10, "a refusal")
        time.sleep(0.3)
        assert edge.ask(edge.config.paths[1]) == 200
    edge.config.write()


def upgrade_twice(edge):
    """A program that cannot start changes nothing; one that can takes over."""
    edge.replace_program("/bin/false")
    edge.signal(signal.SIGUSR2)
    wait_until(lambda: "ended without taking over" in edge.said(), 10, "the bad program's end")
    for _ in range(2):
        edge.replace_program(program(edge.build, "pixel-edge"))
        assert not edge.runs_program()
        edge.upgrade()
        assert edge.runs_program()
        time.sleep(0.3)


def take_over_by_hand(edge):
    for _ in range(2):
        old = edge.pid
        edge.start("--take-over")
        edge.wait_for_end(old)
        time.sleep(0.3)


def restart_under_manager(edge):
    """Stopped, gone, started with the listeners that the manager has kept; once in between the
    program was upgraded."""
    for number in range(3):
        if number == 2:
            edge.upgrade()
        edge.stop()
        edge.start()
        time.sleep(0.3)
    store = [name for name, _ in edge.manager.store]
    assert len(store) == edge.config.workers, store


SCENARIOS = (
    # name, what is done, backend, managed, whether connections are moved
    ("reload", reload_settings, "auto", False, False),
    ("upgrade", upgrade_twice, "auto", False, True),
    ("take_over", take_over_by_hand, "auto", False, True),
    ("restart", restart_under_manager, "auto", True, True),
    ("reload_epoll", reload_settings, "epoll", False, False),
    ("upgrade_epoll", upgrade_twice, "epoll", False, True),
    ("restart_epoll", restart_under_manager, "epoll", True, True),
)


# --- What the clients and the books say --------------------------------------------------------

def check_clients(results, moved, rate):
    for name, result in results.items():
        result.require_clean(name)
        silent = result.report["closed_unannounced"]
        assert silent == 0, f"{name}: {silent} connections closed without Connection: close"
    kept = results["kept"].report
    connects = kept["connects"]
    assert connects >= 2 * CONNECTIONS if moved else connects == CONNECTIONS, connects
    assert connects - kept["connections_closed_by_peer"] <= CONNECTIONS, kept
    assert kept["rate"] > 0.6 * rate, f"{kept['rate']:.0f} answers/s instead of {rate}"


def check_books(edge, traffic, results):
    """Lines as many as answers, each answer's id in exactly one of them; all sealed, no gap."""
    answered = edge.asked + sum(result.answered for result in results.values())
    spool = ["--spool", edge.config.spool, "--key", edge.config.key]
    for name, folder in traffic.folders.items():
        done = run([program(edge.build, "pixel-log"), "audit", *spool, "--json", "--answered",
                    answered, "--ids", folder / "ids", "--parameter", name], check=False)
        audit = json.loads(done.stdout)
        assert done.returncode == 0 and audit["balanced"], audit["defects"]
        assert audit["logged"] == answered, (audit["logged"], answered)
        assert audit["unlogged"] == audit["refused"] == 0, audit
    run([program(edge.build, "pixel-log"), "verify", "--key", edge.config.key,
         edge.config.spool / "sealed"])
    assert not list((edge.config.spool / "active").iterdir())


def check(build, place, scenario, rate, seconds):
    name, act, backend, managed, moved = scenario
    edge = Deployment(build, place / name, backend, managed)
    traffic = None
    try:
        edge.start()
        traffic = Traffic(build, edge.config, rate)
        begin = time.monotonic()
        time.sleep(0.5)
        act(edge)
        time.sleep(max(0.5, begin + seconds - time.monotonic()))
        results = traffic.stop()
        edge.stop()
        check_clients(results, moved, rate)
        check_books(edge, traffic, results)
        report(name, edge, results)
    finally:
        if traffic:
            traffic.kill()
        edge.kill()


def report(name, edge, results):
    kept = results["kept"]
    wait_ms = {each: result.latency_us("max") / 1000 for each, result in results.items()}
    boots = len(list((edge.config.spool / "sealed").glob("*.boot")))
    print(f"{name}: {kept.report['rate']:.0f}/s for {kept.seconds:.1f} s, {boots} processes, "
          f"{kept.report['connects']} + {results['newcomer'].report['connects']} connections; "
          f"longest wait {wait_ms['kept']:.1f} ms "
          f"(p99.9 {kept.latency_us('p99_9') / 1000:.1f} ms), "
          f"of newcomers {wait_ms['newcomer']:.1f} ms")


def sustainable_rate(build, place):
    """A third of what it answers when it is asked as fast as it answers."""
    edge = Deployment(build, place / "measured")
    try:
        edge.start()
        url = f"http://127.0.0.1:{edge.config.port}/p.gif?id={{seq}}"
        found = run_load(build, url, connections=CONNECTIONS, seconds=1)
        edge.stop()
    finally:
        edge.kill()
    rate = min(RATE, round(found.answered_2xx / found.seconds / 3))
    print(f"{rate} requests/s, of {found.answered_2xx / found.seconds:.0f} that it can do")
    return rate


def test_with(options):
    def test(build, place):
        # A successor is nobody's child when its predecessor has gone: then it becomes ours.
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        rate = options.rate or sustainable_rate(build, place)
        for scenario in SCENARIOS:
            if scenario[0].startswith(options.only):
                check(build, place, scenario, rate, options.seconds)
    return test


def parse_options():
    """Takes what is ours out of sys.argv; the rest is main_of's."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--rate", type=int, help="requests/s")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each scenario, at least")
    parser.add_argument("--only", default="", help="scenarios whose name begins so")
    options, sys.argv[1:] = parser.parse_known_args()
    return options


if __name__ == "__main__":
    main_of(test_with(parse_options()), needs_site=False)
