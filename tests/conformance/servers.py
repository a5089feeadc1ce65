# SPDX-License-Identifier: Apache-2.0
"""The servers that can be asked: pixel-edge as it comes, or another one with the plainest
configuration that answers 200 to everything. Each is a Process and an address."""

import pathlib
import shutil

from harness.edge import EdgeConfig, start_edge
from harness.process import Failure, Process, free_port

HERE = pathlib.Path(__file__).resolve().parent

# As large as can be, for the cases about limits.
LIMITS = """\
[limits]
request_line = "16KiB"
headers = "64KiB"
header_count = 100
body = "64KiB"
"""

NGINX_CONF = """\
daemon off;
master_process off;
pid {place}/nginx.pid;
error_log {place}/nginx.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {place}/body;
  proxy_temp_path {place}/proxy;
  fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi;
  scgi_temp_path {place}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 "ok"; }}
  }}
}}
"""

HAPROXY_CFG = """\
defaults
  mode http
  timeout client 5s
  timeout http-request 5s
  timeout connect 5s
  timeout server 5s
frontend plain
  bind 127.0.0.1:{port}
  http-request return status 200 content-type text/plain string ok
"""


def find_program(*names):
    for name in names:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
        if found:
            return found
    raise Failure(f"{names[0]} is not installed")


def start_pixel_edge(place, build):
    config = EdgeConfig(place=place, paths=["/1x1.gif"], extra=LIMITS)
    return start_edge(build, config), config.port


def start_nginx(place, _):
    port = free_port()
    config = place / "nginx.conf"
    config.write_text(NGINX_CONF.format(place=place, port=port))
    argv = [find_program("nginx"), "-c", config, "-p", place, "-e", place / "nginx.log"]
    return Process("nginx", argv, place / "nginx.out").start(), port


def start_haproxy(place, _):
    port = free_port()
    config = place / "haproxy.cfg"
    config.write_text(HAPROXY_CFG.format(port=port))
    argv = [find_program("haproxy"), "-db", "-f", config]
    return Process("haproxy", argv, place / "haproxy.out").start(), port


def start_node(place, _):
    port = free_port()
    argv = [find_program("node", "nodejs"), HERE / "plain_server.js", port]
    return Process("node", argv, place / "node.out").start(), port


STARTERS = {"pixel-edge": start_pixel_edge, "nginx": start_nginx, "haproxy": start_haproxy,
            "node": start_node}


def start_server(name, place, build):
    """The process, None for host:port, and the address it answers on."""
    if name not in STARTERS:
        host, _, port = name.rpartition(":")
        if not host or not port.isdigit():
            raise Failure(f"'{name}' is none of {', '.join(STARTERS)} and no host:port")
        return None, (host, int(port))
    process, port = STARTERS[name](place, build)
    process.wait_for_port(port)
    return process, ("127.0.0.1", port)
