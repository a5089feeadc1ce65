# SPDX-License-Identifier: Apache-2.0
"""Other servers that answer a small image and log every request: nginx, h2o, lighttpd, HAProxy.
Each logs the 33 fields in their order as far as it knows them; what it does not know is a constant
of the same kind, so that lines are about as long as ours."""

import os
import resource
import shutil

from comparing.server import PATH, Server
from harness.process import Failure, run

# The 43 bytes of a transparent GIF, for servers that have none built in.
GIF = bytes.fromhex("474946383961010001008000000000 00ffffff21f90401000000002c0000000001"
                    "000100000202440100 3b")
# HAProxy counts two descriptors for each connection, and does not start with fewer.
CONNECTIONS_MAX = min(16384, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 256) // 2)


def find_program(name, package):
    """Debian keeps servers where an ordinary PATH does not look."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Failure(f"{package} is not installed: tools/install_deps bench")
    return found


class Peer(Server):
    """A program with one configuration file and one log."""

    is_peer = True
    package = ""
    config_text = ""

    def start(self):
        config = self.place / "server.conf"
        config.write_text(self.config_text.format(
            place=self.place, port=self.port, path=PATH, log=self.log_path(),
            fields=self.separator.join(self.fields), connections=CONNECTIONS_MAX,
            descriptors=2 * CONNECTIONS_MAX + 128,
            user=("user root;" if os.geteuid() == 0 else "")), encoding="utf-8")
        self.launch(self.command(config))

    separator = "\t"
    fields = ()

    def command(self, config):
        raise NotImplementedError

    def log_path(self):
        return self.place / "access.log"

    def logged_fields(self):
        """How many fields the last line has; the caller has sent requests."""
        lines = self.log_path().read_bytes().splitlines()
        return lines[-1].count(b"\t") + 1 if lines else 0

    def discard_logs(self):
        os.truncate(self.log_path(), 0)  # Opened O_APPEND: goes on at 0.


class Nginx(Peer):
    name = "nginx"
    separator = r"\t"
    fields = (
        "$time_iso8601", "$msec", "LHR5", "$bytes_sent", "$remote_addr", "$request_method",
        "pixel.example.com", "$uri", "$status", "$http_referer", "$http_user_agent", "$args", "-",
        "Hit", "$request_id", "$host", "$scheme", "$request_length", "$request_time",
        "$http_x_forwarded_for", "$ssl_protocol", "$ssl_cipher", "Hit", "$server_protocol", "-",
        "-", "$remote_port", "$request_time", "Hit", "$sent_http_content_type",
        "$sent_http_content_length", "-", "-")
    config_text = r"""
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {place}/nginx.pid;
error_log {place}/error.log warn;
events {{ worker_connections {connections}; multi_accept on; }}
http {{
  log_format cloudfront '{fields}';
  access_log {log} cloudfront buffer=64k flush=1s;
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

    def command(self, config):
        return [find_program("nginx", "nginx"), "-c", config, "-p", self.place, "-e",
                self.place / "error.log"]

    def describe(self):
        version = run([find_program("nginx", "nginx"), "-v"]).stderr.strip()
        return version + ", empty_gif, 33 fields, buffer=64k"


class H2o(Peer):
    name = "h2o"
    fields = (
        "%{{%Y-%m-%d}}t", "%{{%H:%M:%S}}t", "LHR5", "%b", "%h", "%m", "pixel.example.com", "%U",
        "%s", "%{{Referer}}i", "%{{User-Agent}}i", "%q", "-", "Hit", "%{{connection-id}}x", "%V",
        "http", "-", "%{{duration}}x", "%{{X-Forwarded-For}}i", "-", "-", "Hit", "%H", "-", "-",
        "%{{remote}}p", "%{{duration}}x", "Hit", "%{{Content-Type}}o", "%{{Content-Length}}o", "-",
        "-")
    config_text = """
num-threads: 1
max-connections: {connections}
{root_user}
http1-request-timeout: 620
listen:
  host: 127.0.0.1
  port: {port}
pid-file: {place}/h2o.pid
error-log: {place}/error.log
access-log:
  path: {log}
  format: "{fields}"
hosts:
  default:
    paths:
      "{path}":
        file.file: {place}/p.gif
        file.send-compressed: OFF
"""

    def start(self):
        (self.place / "p.gif").write_bytes(GIF)
        config = self.place / "server.conf"
        fields = r"\t".join(self.fields).format()
        config.write_text(self.config_text.format(
            place=self.place, port=self.port, path=PATH, log=self.log_path(), fields=fields,
            connections=CONNECTIONS_MAX, root_user="user: root" if os.geteuid() == 0 else ""),
            encoding="utf-8")
        self.launch(self.command(config))

    def command(self, config):
        return [find_program("h2o", "h2o"), "-c", config]

    def describe(self):
        version = run([find_program("h2o", "h2o"), "--version"]).stdout.splitlines()[0]
        return version + ", file.file, 33 fields"


class Lighttpd(Peer):
    name = "lighttpd"
    separator = r"\t"
    fields = (
        "%{{%Y-%m-%d%t%H:%M:%S}}t", "LHR5", "%O", "%h", "%m", "pixel.example.com", "%U",
        "%s", "%{{Referer}}i", "%{{User-Agent}}i", "%q", "-", "Hit", "%{{ms}}T", "%V", "http",
        "%I", "%{{us}}T", "%{{X-Forwarded-For}}i", "-", "-", "Hit", "%H", "-", "-",
        "%{{remote}}p", "%{{us}}T", "Hit", "%{{Content-Type}}o", "%b", "-", "-")
    config_text = r"""
server.modules = ("mod_accesslog")
server.document-root = "{place}/www"
server.port = {port}
server.bind = "127.0.0.1"
server.max-connections = {connections}
server.max-fds = {descriptors}
server.max-keep-alive-requests = 1000000000
server.max-keep-alive-idle = 620
server.listen-backlog = 4096
server.errorlog = "{place}/error.log"
accesslog.filename = "{log}"
accesslog.format = "{fields}"
mimetype.assign = (".gif" => "image/gif")
"""

    def start(self):
        (self.place / "www").mkdir()
        (self.place / "www" / PATH.lstrip("/")).write_bytes(GIF)
        self.fields = tuple(field.format() for field in self.fields)
        super().start()

    def command(self, config):
        return [find_program("lighttpd", "lighttpd"), "-D", "-f", config]

    def describe(self):
        version = run([find_program("lighttpd", "lighttpd"), "-v"]).stdout.split(" ")[0]
        return version + ", static file, 33 fields, buffered"


class Haproxy(Peer):
    name = "haproxy"
    fields = (
        "%[date,utime(%Y-%m-%d)]", "%[date,utime(%H:%M:%S)]", "LHR5", "%B", "%ci", "%HM",
        "pixel.example.com", "%HP", "%ST", "%[capture.req.hdr(0)]", "%[capture.req.hdr(1)]",
        "%HQ", "-", "Hit", "%ID", "%[capture.req.hdr(2)]", "http", "%U", "%Ta", "-", "-", "-",
        "Hit", "%HV", "-", "-", "%cp", "%Ta", "Hit", "image/gif", "43", "-", "-")
    # The ring is its fastest log: in memory, nothing is written, the oldest line is lost.
    config_text = r"""
global
  nbthread 1
  maxconn {connections}
  tune.http.logurilen 1024
ring lines
  format raw
  maxlen 4096
  size 16777216
defaults
  mode http
  timeout client 620s
  timeout http-request 30s
  timeout http-keep-alive 620s
  timeout connect 5s
  timeout server 5s
frontend pixel
  bind 127.0.0.1:{port} backlog 4096
  log ring@lines format raw local0
  unique-id-format %[uuid()]
  declare capture request len 256
  http-request capture req.hdr(Referer) len 256
  http-request capture req.hdr(User-Agent) len 256
  http-request capture req.hdr(Host) len 64
  log-format "{fields}"
  http-request return status 200 content-type image/gif file {place}/p.gif
"""

    def start(self):
        (self.place / "p.gif").write_bytes(GIF)
        self.fields = tuple(field.replace(" ", r"\ ") for field in self.fields)
        super().start()

    def command(self, config):
        return [find_program("haproxy", "haproxy"), "-db", "-f", config]

    def logged_fields(self):
        return len(self.fields)  # In its memory: shown by a socket, which this one has not.

    def discard_logs(self):
        pass

    def describe(self):
        version = run([find_program("haproxy", "haproxy"), "-v"]).stdout.split(" -")[0]
        return version + ", http-request return, 33 fields to a ring in memory"
