# SPDX-License-Identifier: Apache-2.0
"""HAProxy and nginx on loopback with the configurations of this folder. A configuration is changed
only where its addresses and files have to be others; a change that finds no place is an error."""

import csv
import io
import os
import pathlib
import shutil
import socket

from harness.process import Failure, Process, free_port, run, wait_until

HERE = pathlib.Path(__file__).resolve().parent
HOST = "pixel.example.com"


def find(name):
    """The program, or None."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def make_certificate(place):
    """A key and a certificate for HOST in one file."""
    path = place / "pixel.pem"
    if not path.exists():
        key, certificate = place / "key.pem", place / "certificate.pem"
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
             f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out",
             certificate])
        path.write_text(certificate.read_text() + key.read_text())
    return path


def changed(name, changes):
    """A file of this folder with each (old, new) applied wherever old stands."""
    text = (HERE / name).read_text(encoding="utf-8")
    for old, new in changes:
        if old not in text:
            raise Failure(f"{name} has no '{old}'")
        text = text.replace(old, new)
    return text


class Balancer:
    """`edges` are two (host:port) of edges. After start(): `port`, and `tls_port` if it has one."""

    def __init__(self, place, name, edges, port_of_edges, more=()):
        self.place = pathlib.Path(place) / name.replace(".", "-")
        self.place.mkdir()
        self.name = name
        self.port = free_port()
        self.has_tls = "443 ssl" in (HERE / name).read_text(encoding="utf-8")
        self.tls_port = free_port() if self.has_tls else 0
        certificate = make_certificate(pathlib.Path(place))
        self.changes = [(f"10.0.0.11:{port_of_edges}", edges[0]),
                        (f"10.0.0.12:{port_of_edges}", edges[1]), *self.own_changes(certificate),
                        *more]
        self.path = self.place / name
        self.path.write_text(changed(name, self.changes), encoding="utf-8")
        self.process = None

    def start(self):
        self.check()
        self.process = Process(self.name, self.command(), self.place / "output.log").start()
        self.process.wait_for_port(self.port)
        return self

    def check(self):
        """Its own test of the configuration; a Failure with its words."""
        return run([*self.command(), self.check_flag])

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.process.kill()


class HaProxy(Balancer):
    check_flag = "-c"

    def own_changes(self, certificate):
        self.stats = self.place / "s"  # A socket's path has 108 bytes at most.
        changes = [("bind :80", f"bind 127.0.0.1:{self.port}"),
                   ("/run/haproxy/admin.sock mode 660", str(self.stats)),
                   ("maxconn 100000", "maxconn 500")]
        if self.has_tls:
            changes += [("bind :443", f"bind 127.0.0.1:{self.tls_port}"),
                        ("/etc/haproxy/pixel.pem", str(certificate))]
        return changes

    def command(self):
        return [find("haproxy"), "-db", "-f", self.path]

    def servers(self):
        """{server: (status, last check's code, its word)} as HAProxy sees them."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.stats))
            connection.sendall(b"show stat\n")
            text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        rows = csv.DictReader(io.StringIO(text.lstrip("# ")))
        return {row["svname"]: (row["status"], row["check_code"], row["check_status"])
                for row in rows if row["pxname"] == "edges" and row["svname"].startswith("edge")}

    def wait_for(self, server, status, seconds=10):
        wait_until(self.stats.exists, seconds, f"{self.name} says what it sees")
        wait_until(lambda: self.servers()[server][0] == status, seconds,
                   f"{self.name}: {server} is {status}")


class Nginx(Balancer):
    check_flag = "-t"

    def own_changes(self, certificate):
        changes = [("listen 80;", f"listen 127.0.0.1:{self.port};"),
                   ("worker_connections 16384", "worker_connections 512")]
        if self.has_tls:
            changes += [("listen 443 ssl;", f"listen 127.0.0.1:{self.tls_port} ssl;"),
                        ("/etc/nginx/pixel.pem", str(certificate))]
        if "http {" in (HERE / self.name).read_text(encoding="utf-8"):
            folders = "".join(f"    {kind}_temp_path {self.place}/{kind};\n" for kind in
                              ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            changes.append(("http {\n", "http {\n" + folders))
        return changes

    def command(self):
        user = "user root; " if os.geteuid() == 0 else ""
        return [find("nginx"), "-p", self.place, "-c", self.path, "-e", self.place / "error.log",
                "-g", f"daemon off; {user}pid {self.place}/nginx.pid;"]

    def __exit__(self, *_):
        self.process.stop()  # SIGTERM: its workers go with it; SIGKILL would leave them.
