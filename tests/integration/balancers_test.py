#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The edge behind real HAProxy and nginx, with the configurations that docs/DEPLOY.md shows: the
client's address, port and TLS in the log are right and not the client's own claim; health is green
while serving and red through a drain; no request is lost or refused meanwhile.

--peers-only stops after what needs no edge: documents, and that both take their configurations."""

import collections
import contextlib
import http.client
import json
import re
import signal
import sys
import threading
import time

from support import ROOT, get, main_of, send, skip
from balancers.peers import HERE, HOST, HaProxy, Nginx, find
from harness.edge import EdgeConfig, make_edge
from harness.process import Failure, free_port, program, run, wait_until

CONFIGS = ("haproxy-http.cfg", "haproxy-proxy.cfg", "haproxy-proxy-v1.cfg", "nginx-keepalive.conf",
           "nginx-http10.conf", "nginx-stream.conf")
# Fields of a line by their number in the format.
ADDRESS, STATUS, QUERY, PROTOCOL, FORWARDED, TLS, CIPHER = 5, 9, 12, 17, 20, 21, 22
VERSION, PORT = 24, 27
BLOCK = re.compile(r"^\[([\w./-]+)\]\(\.\./tests/integration/balancers/\1\)[^\n]*\n\n"
                   r"```\w+\n(.*?)^```", re.M | re.S)


# --- Without an edge ---


def check_documents():
    """Each configuration is in DEPLOY.md, word for word."""
    text = (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
    shown = dict(BLOCK.findall(text))
    files = {path.name for path in HERE.iterdir() if path.suffix in (".cfg", ".conf", ".toml")}
    assert set(CONFIGS) <= files
    for name in sorted(files):
        assert name in shown, f"docs/DEPLOY.md does not show {name}"
        assert shown[name] == (HERE / name).read_text(encoding="utf-8"), \
            f"docs/DEPLOY.md shows another {name} than the file"
    assert set(shown) == files, f"shown, but no file: {set(shown) - files}"


def kind_of(name):
    return HaProxy if name.startswith("haproxy") else Nginx


def port_in(name):
    """The edges' port in a configuration: 8081 is where PROXY headers are required."""
    return "8081" if "10.0.0.11:8081" in (HERE / name).read_text(encoding="utf-8") else "8080"


def check_peers_take_them(place):
    folder = place / "peers"
    folder.mkdir()
    for name in CONFIGS:
        kind_of(name)(folder, name, ("127.0.0.1:1", "127.0.0.1:2"), port_in(name)).check()


# --- The edge's side ---


class Edge:
    """An edge with a plain port and one for PROXY headers; only 127.0.0.1 is believed, which is
    where HAProxy and nginx connect from. Clients come from other addresses of 127.0.0.0/8."""

    def __init__(self, build, place, name, delay=""):
        folder = place / name
        folder.mkdir()
        self.proxy_port = free_port()
        self.config = EdgeConfig(place=folder, segment_bytes="1MiB", delay=delay,
                                 more_ports=(self.proxy_port,), extra=f"""\
[client]
source = "x-forwarded-for"
hops = 1
trusted = ["127.0.0.1/32"]

[proxy_protocol]
listen = ["127.0.0.1:{self.proxy_port}"]
from = ["127.0.0.1/32"]
""")
        self.process = make_edge(build, self.config)

    def __enter__(self):
        self.process.start()
        self.process.wait_for_port(self.config.port)
        self.process.wait_for_port(self.proxy_port)
        return self

    def __exit__(self, *_):
        self.process.kill()

    def address(self, port):
        """Where a configuration's edge is: `port` is 8080 or 8081."""
        return f"127.0.0.1:{self.proxy_port if port == '8081' else self.config.port}"

    def lines(self):
        """Lists of fields, from 1, of all lines in active and sealed segments."""
        spool = self.config.spool
        found = []
        for path in [*(spool / "sealed").glob("*.log"), *(spool / "active").glob("A*.seg")]:
            with contextlib.suppress(FileNotFoundError):  # Sealed in this moment.
                text = path.read_bytes().partition(b"\0")[0].decode("ascii")
                found += [[""] + line.split("\t") for line in text.splitlines()
                          if line and not line.startswith("#")]
        return found

    def line_of(self, mark):
        """The one line whose query has n=<mark>."""
        def look():
            return [fields for fields in self.lines() if fields[QUERY] == f"n={mark}"]
        wait_until(look, 5, f"a line of n={mark}")
        lines = look()
        assert len(lines) == 1, f"{len(lines)} lines of n={mark}"
        return lines[0]


class Asker:
    """curl, with a mark of its own in each request's query."""

    count = 0

    def ask(self, port, *options, tls=False, source="127.0.0.5"):
        """(mark, curl's local port) of a request that was answered 200."""
        Asker.count += 1
        mark = f"{source.replace('.', 'x')}q{Asker.count}"
        scheme = "https" if tls else "http"
        url = f"{scheme}://{HOST}:{port}/p.gif?n={mark}"
        done = run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{local_port}", "-k",
                    "--max-time", "10", "--interface", source, "--resolve",
                    f"{HOST}:{port}:127.0.0.1", *options, url])
        status, local_port = done.stdout.split()
        assert status == "200", done.stdout + done.stderr
        return mark, local_port


ASKER = Asker()
SOURCES = ("127.0.0.5", "127.8.0.1", "127.255.1.9")


def expect(edge, mark, **wanted):
    """Fields of the line of a mark; names are those above, in lower case."""
    fields = edge.line_of(mark)
    for name, value in wanted.items():
        number = globals()[name.upper()]
        assert fields[number] == value, \
            f"field {number} ({name}) is '{fields[number]}', not '{value}': {fields}"
    return fields


@contextlib.contextmanager
def behind(name, place, edge, more=()):
    """The balancer in front of one edge: the second server of its configuration is not there."""
    port = port_in(name)
    with kind_of(name)(place, name, (edge.address(port), f"127.0.0.1:{free_port()}"), port,
                       more=more) as balancer:
        if isinstance(balancer, HaProxy):
            balancer.wait_for("edge1", "UP")
        yield balancer


def check_direct(edge):
    for source in SOURCES:
        mark, port = ASKER.ask(edge.config.port, source=source)
        expect(edge, mark, address=source, port=port, protocol="http", tls="-", cipher="-",
               forwarded="-")
        # Who is not trusted is not believed, whatever is claimed.
        mark, port = ASKER.ask(edge.config.port, "-H", "X-Forwarded-For: 9.9.9.9", "-H",
                               "X-Forwarded-Proto: https", "-H", "X-Amzn-Tls-Version: TLSv1.3",
                               source=source)
        expect(edge, mark, address=source, port=port, protocol="http", tls="-", forwarded="9.9.9.9")


def check_proxy_port_needs_a_header(edge):
    """Bytes that are no PROXY header, and a header from a stranger: no answer, no line."""
    before = len(edge.lines())
    assert send(edge.proxy_port, get("/p.gif?n=none")) == b""
    done = run(["curl", "-sS", "--max-time", "5", "--haproxy-protocol", "--interface", "127.0.0.7",
                f"http://127.0.0.1:{edge.proxy_port}/p.gif?n=stranger"], check=False)
    assert done.returncode != 0, done.stdout
    assert len(edge.lines()) == before


def check_haproxy_http(place, edge):
    with behind("haproxy-http.cfg", place, edge) as balancer:
        for source in SOURCES:
            mark, _ = ASKER.ask(balancer.port, source=source)
            # option forwardfor names no port.
            expect(edge, mark, address=source, port="0", protocol="http", tls="-", cipher="-",
                   forwarded=source, version="HTTP/1.1")
            mark, _ = ASKER.ask(balancer.port, "-H", "X-Forwarded-For: 9.9.9.9, 8.8.8.8", "-H",
                                "X-Forwarded-Proto: https", "-H", "X-Amzn-Tls-Version: SSLv2",
                                source=source)
            expect(edge, mark, address=source, protocol="http", tls="-", forwarded="9.9.9.9")
        for version in ("1.2", "1.3"):
            for alpn in ("--http1.1", "--http2"):
                mark, _ = ASKER.ask(balancer.tls_port, f"--tlsv{version}", "--tls-max", version,
                                    alpn, tls=True)
                fields = expect(edge, mark, address="127.0.0.5", protocol="https",
                                tls=f"TLSv{version}")
                assert re.fullmatch(r"[A-Z0-9_-]{10,}", fields[CIPHER]), fields
    # Without a word more HAProxy's check is OPTIONS / HTTP/1.0.
    with behind("haproxy-http.cfg", place / "plain-check", edge,
                more=[("    http-check send meth GET uri /health\n", ""),
                      ("    http-check expect status 200\n", "")]) as balancer:
        assert balancer.servers()["edge1"][0] == "UP"


def check_haproxy_proxy(place, edge):
    with behind("haproxy-proxy.cfg", place, edge) as balancer:
        for source in SOURCES:
            mark, port = ASKER.ask(balancer.port, source=source)
            expect(edge, mark, address=source, port=port, protocol="http", tls="-", cipher="-")
            mark, port = ASKER.ask(balancer.port, "-H", "X-Forwarded-For: 9.9.9.9", source=source)
            expect(edge, mark, address=source, port=port, forwarded="9.9.9.9")
        for version, cipher in (("1.3", "TLS_AES_256_GCM_SHA384"),
                                ("1.2", "ECDHE-RSA-AES128-GCM-SHA256")):
            chosen = ["--ciphers", cipher] if version == "1.2" else ["--tls13-ciphers", cipher]
            mark, port = ASKER.ask(balancer.tls_port, f"--tlsv{version}", "--tls-max", version,
                                   *chosen, tls=True, source="127.8.0.1")
            expect(edge, mark, address="127.8.0.1", port=port, protocol="https",
                   tls=f"TLSv{version}", cipher=cipher)
    with behind("haproxy-proxy-v1.cfg", place, edge) as balancer:
        for source in SOURCES:
            mark, port = ASKER.ask(balancer.port, source=source)
            expect(edge, mark, address=source, port=port, protocol="http", tls="-", cipher="-")


def check_nginx(place, edge):
    with behind("nginx-http10.conf", place, edge) as balancer:
        for source in SOURCES:
            mark, _ = ASKER.ask(balancer.port, source=source)
            expect(edge, mark, address=source, port="0", version="HTTP/1.0", protocol="http")
            mark, _ = ASKER.ask(balancer.port, "-H", "X-Forwarded-For: 9.9.9.9", source=source)
            expect(edge, mark, address=source, forwarded="9.9.9.9")
    with behind("nginx-keepalive.conf", place, edge) as balancer:
        for source in SOURCES:
            mark, port = ASKER.ask(balancer.port, "-H", "X-Forwarded-For: 9.9.9.9", source=source)
            expect(edge, mark, address=source, port=port, version="HTTP/1.1", protocol="http",
                   tls="-", forwarded=source)
        mark, port = ASKER.ask(balancer.tls_port, "--tlsv1.3", tls=True)
        fields = expect(edge, mark, address="127.0.0.5", port=port, protocol="https", tls="TLSv1.3")
        assert fields[CIPHER].startswith("TLS_"), fields
    with behind("nginx-stream.conf", place, edge) as balancer:
        for source in SOURCES:
            mark, port = ASKER.ask(balancer.port, source=source)
            expect(edge, mark, address=source, port=port, protocol="http", tls="-")
        mark, port = ASKER.ask(balancer.tls_port, tls=True)
        expect(edge, mark, address="127.0.0.5", port=port)


# --- Through a drain ---


class Load(threading.Thread):
    """Requests one after the other, each with a mark, over kept connections, until told to stop."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.port, self.mark, self.stopping = port, name, threading.Event()
        self.answered, self.failures = 0, []

    def run(self):
        connection = None
        while not self.stopping.is_set():
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port,
                                                                      timeout=10)
                connection.request("GET", f"/p.gif?n={self.mark}q{self.answered}",
                                   headers={"Host": HOST})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failures.append(f"status {answer.status}")
                self.answered += 1
                if answer.will_close:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                connection = None
            time.sleep(0.002)


def drain_one_of_two(build, place, name, delay):
    """SIGTERM to the first of two edges under load. What HAProxy thought of it is in the list."""
    place.mkdir()
    port = port_in(name)
    with Edge(build, place, "first", delay) as first, Edge(build, place, "second") as second, \
            kind_of(name)(place, name, (first.address(port), second.address(port)),
                          port) as balancer:
        if isinstance(balancer, HaProxy):
            balancer.wait_for("edge1", "UP")
            balancer.wait_for("edge2", "UP")
        loads = [Load(balancer.port, f"{number}") for number in range(8)]
        for load in loads:
            load.start()
        wait_until(lambda: min(load.answered for load in loads) > 20, 10, "load")
        opinions = watch_drain(first, balancer)
        time.sleep(0.5)
        for load in loads:
            load.stopping.set()
            load.join(15)
        check_nothing_lost(loads, first, second)
    return opinions


def watch_drain(edge, balancer):
    """[(edge runs, HAProxy's word for it)] from SIGTERM until it is gone."""
    opinions = []
    edge.process.child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 30
    while edge.process.runs():
        if isinstance(balancer, HaProxy):
            status = balancer.servers()["edge1"]
            opinions.append(status if edge.process.runs() else None)
        if time.monotonic() > deadline:
            raise Failure("the drain does not end:\n" + edge.process.last_words())
        time.sleep(0.05)
    assert edge.process.child.returncode == 0, edge.process.last_words()
    return [opinion for opinion in opinions if opinion]


def check_nothing_lost(loads, first, second):
    failures = [failure for load in loads for failure in load.failures]
    assert not failures, f"{len(failures)} requests failed: {failures[:5]}"
    lines = collections.Counter(fields[QUERY] for edge in (first, second)
                                for fields in edge.lines() if fields[STATUS] == "200")
    asked = {f"n={load.mark}q{number}" for load in loads for number in range(load.answered)}
    assert asked <= set(lines), f"without a line: {sorted(asked - set(lines))[:5]}"
    assert first.lines() and second.lines(), "one of the two edges got nothing"


def check_drains(build, place):
    # inter 1s, fall 2: HAProxy needs two checks, so the edge serves on for three seconds.
    opinions = drain_one_of_two(build, place / "drain-http", "haproxy-http.cfg", "3500ms")
    assert opinions[0][0] == "UP", opinions
    down = [opinion for opinion in opinions if opinion[0].startswith("DOWN")]
    assert down and down[0][1] == "503", f"never red for its 503 while draining: {opinions}"
    opinions = drain_one_of_two(build, place / "drain-proxy", "haproxy-proxy.cfg", "3500ms")
    down = [opinion for opinion in opinions if opinion[0].startswith("DOWN")]
    assert down and down[0][1] == "503", f"never red for its 503 while draining: {opinions}"
    # nginx does not ask: it learns from closed connections.
    drain_one_of_two(build, place / "drain-keepalive", "nginx-keepalive.conf", "500ms")
    drain_one_of_two(build, place / "drain-http10", "nginx-http10.conf", "500ms")


def check_settings_are_taken(build, place):
    """Each edge-*.toml of the documents, alone, is a configuration that the edge takes."""
    for path in sorted(HERE.glob("edge-*.toml")):
        copy = place / path.name
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        done = run([program(build, "pixel-edge"), "--config", copy, "--check"], check=False)
        assert done.returncode == 0, f"{path.name}: {done.stdout}{done.stderr}"


def test(build, place):
    check_documents()
    missing = [name for name in ("haproxy", "nginx", "curl", "openssl") if not find(name)]
    if missing:
        skip(f"not installed: {', '.join(missing)} (tools/install_deps test)")
    check_peers_take_them(place)
    if PEERS_ONLY:
        return
    check_settings_are_taken(build, place)
    for number in (1, 2, 3):
        (place / f"{number}").mkdir()
    (place / "1" / "plain-check").mkdir()
    with Edge(build, place, "edge") as edge:
        check_direct(edge)
        check_proxy_port_needs_a_header(edge)
        check_haproxy_http(place / "1", edge)
        check_haproxy_proxy(place / "2", edge)
        check_nginx(place / "3", edge)
        assert edge.process.stop() == 0, edge.process.last_words()
    check_drains(build, place)
    print(json.dumps({"requests with curl": Asker.count}))


PEERS_ONLY = "--peers-only" in sys.argv
if __name__ == "__main__":
    if PEERS_ONLY:
        sys.argv.remove("--peers-only")
    main_of(test, needs_site=False)
