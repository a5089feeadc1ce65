# SPDX-License-Identifier: Apache-2.0
"""The servers under comparison. Each lives in a fresh directory, pinned to one CPU, log on."""

import os
import pathlib
import shutil

from harness.edge import EdgeConfig, start_edge
from harness.load import browser_url
from harness.process import Failure, Process, free_port, program, run

REQUEST_BYTES = 531  # What a browser sends for a pixel, with its headers.
PATH = "/p.gif"


class Server:
    """After open(), `process` runs and answers `url`."""

    name = ""
    process = None

    def __init__(self, place, build, cpu):
        self.place = pathlib.Path(place) / self.name
        self.place.mkdir()
        self.build = build
        self.cpu = cpu
        self.port = free_port()
        self.url = None

    def open(self):
        self.start()
        self.url = browser_url(self.build, self.port, PATH, REQUEST_BYTES)

    def launch(self, argv):
        self.process = Process(self.name, argv, self.place / "output.log", cpu=self.cpu).start()
        self.process.wait_for_port(self.port)

    def discard_logs(self):
        """Between samples: the disk is not what is measured."""

    def describe(self):
        return ""

    def stop(self):
        if self.process:
            self.process.stop()


class Bare(Server):
    name = "bare"

    def start(self):
        self.launch([program(self.build, "bare-responder"), "--port", self.port])

    def describe(self):
        return "bench/bare: no parsing, no log"


class Edge(Server):
    name = "pixel-edge"

    def start(self):
        config = EdgeConfig(self.place, port=self.port, paths=[PATH], workers=1)
        self.spool = config.spool
        self.process = start_edge(self.build, config, cpu=self.cpu)

    def discard_logs(self):
        for path in (self.spool / "sealed").iterdir():
            path.unlink(missing_ok=True)

    def describe(self):
        return run([program(self.build, "pixel-edge"), "--version"]).stdout.strip()


# The 33 fields in their order, as far as nginx knows them; what it does not know is constant.
NGINX_FIELDS = (
    "$time_iso8601", "$msec", "LHR5", "$bytes_sent", "$remote_addr", "$request_method",
    "pixel.example.com", "$uri", "$status", "$http_referer", "$http_user_agent", "$args", "-",
    "Hit", "$request_id", "$host", "$scheme", "$request_length", "$request_time",
    "$http_x_forwarded_for", "$ssl_protocol", "$ssl_cipher", "Hit", "$server_protocol", "-", "-",
    "$remote_port", "$request_time", "Hit", "$sent_http_content_type",
    "$sent_http_content_length", "-", "-")

NGINX_CONFIG = r"""
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 8192;
pid {place}/nginx.pid;
error_log {place}/error.log warn;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  log_format cloudfront '{log_format}';
  access_log {place}/access.log cloudfront buffer=64k flush=1s;
  client_body_temp_path {place}/body;
  proxy_temp_path {place}/proxy;
  fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi;
  scgi_temp_path {place}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 620s;
  tcp_nodelay on;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = {path} {{ empty_gif; }}
  }}
}}
"""


class Nginx(Server):
    name = "nginx"

    def start(self):
        config = self.place / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(NGINX_CONFIG.format(place=self.place, port=self.port, path=PATH,
                                              user=user, log_format=r"\t".join(NGINX_FIELDS)))
        self.launch([find_nginx(), "-c", config, "-p", self.place, "-e", self.place / "error.log"])

    def discard_logs(self):
        os.truncate(self.place / "access.log", 0)  # Opened O_APPEND: goes on at 0.

    def describe(self):
        return run([find_nginx(), "-v"]).stderr.strip() + ", empty_gif, 33 fields, buffer=64k"


def find_nginx():
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Failure("nginx is not installed: tools/install_deps bench")
    return found


ALL = (Bare, Edge, Nginx)
