#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pixel.js in headless Chromium: page views, queued and later events, clicks, the image fallback,
and silence where the browser asks for it. Its size and the checked-in copy need no browser.

    --self   against a small server of this test instead of pixel-edge"""

import collections
import contextlib
import gzip
import http.server
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import urllib.parse

from chromium_test import browse, page_server
from support import ROOT, Failure, main_of, skip
from harness.process import run, wait_until

TRACKER = ROOT / "edge" / "routes" / "tracker"
COMPRESSED_BYTES_MAX = 1536
SETTLE_SECONDS = 1.0

Hit = collections.namedtuple("Hit", "method params")

STUB = ("<script>window.pixel=window.pixel||function(){(pixel.q=pixel.q||[]).push(arguments)};"
        "</script>")
PRIVATE = ("<script>Object.defineProperty(navigator,'globalPrivacyControl',{value:true});"
           "</script>")
# Links are never followed: the test looks at what is sent, not at where they lead.
ACTIONS = """
<button data-pixel-click="buy"><b id="inner">Buy</b></button>
<p data-pixel-click id="plain">Anything</p>
<a id="out" href="https://outside.example/x?y=1">Outside</a>
<a id="in" href="/elsewhere">Inside</a>
<script>
addEventListener("click", function (event) { event.preventDefault(); });
addEventListener("load", function () {
  pixel("signup", {plan: "pro", nested: {a: [1]}, e: "forged", empty: "", none: null});
  ["inner", "plain", "out", "in"].forEach(function (id) { document.getElementById(id).click(); });
});
</script>
"""


def page(head, script, body=""):
    return (f"<!doctype html><meta charset='utf-8'><title>Caf\u00e9 & shop</title>{head}"
            f"<script {script}></script>{body}")


def pages_for(edge_url):
    """Name of a page -> its text. Scripts are not async: what comes after them may rely on it."""
    source = f'src="{edge_url}/pixel.js"'
    queue = STUB + '<script>pixel("early", {n: 1});</script>'
    no_beacon = "<script>navigator.sendBeacon = undefined;</script>"
    full_beacon = "<script>navigator.sendBeacon = function () { return false; };</script>"
    return {
        "full": page(queue, source, ACTIONS),
        "image": page(no_beacon, source, '<script>pixel("later");</script>'),
        "refused": page(full_beacon, source, '<script>pixel("later");</script>'),
        "private": page(PRIVATE, source + " data-respect-dnt", '<script>pixel("no");</script>'),
        "indifferent": page(PRIVATE, source),
        "manual": page("", source + " data-manual", '<script>pixel("own");</script>'),
        "endpoint": page("", source + ' data-endpoint="pixel.gif"'),
        "twice": page("", source, f"<script {source}></script>"),
    }


def write_pages(folder, edge_url):
    texts = pages_for(edge_url)
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    frames = "".join(f'<iframe src="{name}.html"></iframe>' for name in texts)
    (folder / "index.html").write_text(frames, encoding="utf-8")


def by_page(hits):
    """Name of a page -> its hits by event, in order."""
    pages = collections.defaultdict(list)
    for hit in hits:
        pages[pathlib.PurePath(urllib.parse.urlsplit(hit.params["url"]).path).stem].append(hit)
    return pages


def events(hits):
    return sorted(hit.params["e"] for hit in hits)


def of_event(hits, name):
    return next(hit for hit in hits if hit.params["e"] == name)


EXPECTED = {"full": ["buy", "click", "early", "out", "pv", "signup"], "image": ["later", "pv"],
            "refused": ["later", "pv"], "indifferent": ["pv"], "manual": ["own"],
            "endpoint": ["pv"], "twice": ["pv"]}


def check(hits, origin):
    pages = by_page(hits)
    assert {name: events(found) for name, found in pages.items()} == EXPECTED, pages
    view = of_event(pages["full"], "pv")
    assert view.method == "GET"
    params = dict(view.params)
    assert params["url"] == f"{origin}/full.html"
    assert params["ref"] == f"{origin}/index.html"
    assert params["t"] == "Caf\u00e9 & shop"
    for name in ("sr", "vp"):
        width, _, height = params[name].partition("x")
        assert width.isdigit() and height.isdigit(), params
    assert params["lang"] and params["tz"]
    assert set(params) == {"e", "url", "ref", "t", "sr", "vp", "lang", "tz", "cb"}
    signup = of_event(pages["full"], "signup")
    assert signup.method == "POST"
    assert signup.params["plan"] == "pro" and signup.params["nested"] == '{"a":[1]}'
    assert "empty" not in signup.params and "none" not in signup.params
    assert of_event(pages["full"], "early").params["n"] == "1"
    assert of_event(pages["full"], "out").params["to"] == "https://outside.example/x?y=1"
    assert "to" not in of_event(pages["full"], "buy").params
    for name in ("image", "refused"):
        assert of_event(pages[name], "later").method == "GET"
    busters = [hit.params["cb"] for hit in hits]
    assert len(set(busters)) == len(busters)


def watch(place, edge_url, read_hits):
    """Opens all pages in one window and checks what `read_hits` then has."""
    chromium = shutil.which("chromium") or skip("chromium is not installed")
    folder = place / "pages"
    folder.mkdir()
    write_pages(folder, edge_url)
    wanted = sum(len(names) for names in EXPECTED.values())
    with page_server(folder) as origin:
        browser = browse(chromium, place, f"{origin}/index.html")
        try:
            wait_until(lambda: len(read_hits()) >= wanted, 60, f"{wanted} hits have come")
            time.sleep(SETTLE_SECONDS)  # For what should not come.
        finally:
            browser.stop()
        check(read_hits(), origin)
        print(f"{wanted} hits")


def check_copy():
    """The script as it is compiled in."""
    run([sys.executable, "-B", TRACKER / "embed.py", "--check"])
    script = run([sys.executable, "-B", TRACKER / "embed.py", "--print"]).stdout
    compressed = len(gzip.compress(script.encode("ascii"), 9))
    print(f"{len(script)} bytes, {compressed} compressed")
    if compressed > COMPRESSED_BYTES_MAX:
        raise Failure(f"pixel.js has {compressed} bytes compressed")
    return script


def logged_hits(site):
    """From the lines in the segments: fields 6 and 12, of requests with an event."""
    hits = []
    spool = site.edge_config.spool
    for path in [*spool.glob("active/A*.seg"), *spool.glob("sealed/*.log")]:
        for line in path.read_bytes().rstrip(b"\0").decode("latin-1").splitlines():
            fields = line.split("\t")
            if len(fields) == 33 and fields[11].startswith(("e=", "n=", "plan=", "to=", "nested=")):
                query = urllib.parse.unquote(fields[11], encoding="latin-1")
                hits.append(Hit(fields[5], dict(urllib.parse.parse_qsl(query))))
    return hits


def test(site):
    script = check_copy()
    edge_url = f"http://127.0.0.1:{site.edge_config.port}"
    served = run(["curl", "-sS", f"{edge_url}/pixel.js"]).stdout
    assert served == script, "what is served is not what was built"
    watch(site.place, edge_url, lambda: logged_hits(site))


@contextlib.contextmanager
def own_collector(script):
    """What pixel-edge does for the tracker, in a few lines: its URL and the list of hits."""
    hits = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            url = urllib.parse.urlsplit(self.path)
            is_script = url.path == "/pixel.js"
            if url.path in ("/i", "/pixel.gif"):
                hits.append(Hit(self.command, dict(urllib.parse.parse_qsl(url.query))))
            body = script.encode("ascii") if is_script else b""
            self.send_response(200 if is_script else 204)
            self.send_header("Content-Type", "text/javascript" if is_script else "image/gif")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", hits
    finally:
        server.shutdown()


def test_alone():
    with tempfile.TemporaryDirectory(prefix="pixeledge-test-") as name, \
            own_collector(check_copy()) as (url, hits):
        watch(pathlib.Path(name), url, lambda: hits)
    print("passed")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self"]:
        test_alone()
    else:
        main_of(test)
