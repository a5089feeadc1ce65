#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A page in headless Chromium with the pixel in it gives its row in DuckDB within 2 s of the
answer: path, query columns, user agent, referer. The page asks nothing but 127.0.0.1."""

import contextlib
import functools
import http.server
import os
import re
import shutil
import threading
import time

from support import main_of, skip
from harness.process import Process, wait_until

ROW_SECONDS = 2.0
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) pixeledge-test/1.0 \"quoted\" 100%"
QUERY = "?a=caf%C3%A9%20au%20lait&b=42&c=%3Cmail%3E&d=x%2By"
EXPECTED = {"a": "caf\u00e9 au lait", "b": "42", "c": "<mail>", "d": "x+y"}
ROW = ("select cs_uri_stem, a, b, c, d, cs_user_agent, cs_referer from requests "
       "where a is not null")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def page_server(folder):
    """Serves the folder on loopback; the browser gives its pages as referers."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


def browse(chromium, place, url):
    """Chromium with a profile of its own, no network but loopback, until we stop it."""
    command = [chromium, "--headless", "--disable-gpu", "--disable-dev-shm-usage",
               "--no-first-run", "--disable-background-networking", "--disable-component-update",
               "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
               f"--user-agent={USER_AGENT}", f"--user-data-dir={place / 'profile'}",
               "--remote-debugging-port=0"]
    if os.geteuid() == 0:
        command.append("--no-sandbox")
    return Process("chromium", command + [url], place / "chromium.log").start()


def logged_at(site):
    """True once the edge has the pixel's line."""
    return any(b"pixeledge-test" in path.read_bytes()
               for path in (site.edge_config.spool / "active").glob("*.seg"))


def test(site):
    chromium = shutil.which("chromium") or skip("chromium is not installed")
    pages = site.place / "pages"
    pages.mkdir()
    (pages / "shop.html").write_text(f'<p>shop</p><img src="{site.url(QUERY)}">', encoding="utf-8")
    with page_server(pages) as origin:
        page = f"{origin}/shop.html?product=7"
        browser = browse(chromium, site.place, page)
        try:
            wait_until(lambda: logged_at(site), 60, "the browser asked for the pixel")
            begun = time.monotonic()
            rows = wait_until(lambda: site.sql("duckdb", ROW), 10, "the row is in DuckDB")
            seconds = time.monotonic() - begun
        finally:
            browser.stop()
    print(f"row after {seconds:.2f} s: {rows}")
    assert len(rows) == 1
    path, a, b, c, d, user_agent, referer = rows[0]
    assert path == site.edge_config.paths[0]
    assert {"a": a, "b": str(b), "c": c, "d": d} == EXPECTED
    assert user_agent == USER_AGENT
    assert re.match(rf"{origin}/", referer), referer  # Browsers may send the origin only.
    assert seconds <= ROW_SECONDS, f"{seconds:.2f} s from the line to the row"


if __name__ == "__main__":
    main_of(test)
