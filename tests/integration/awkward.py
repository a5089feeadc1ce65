# SPDX-License-Identifier: Apache-2.0
"""Requests whose lines strain every encoding rule of the log format; each gets a 200 or another
answer, and each gets a line."""

from support import get

TARGETS = (
    "/p.gif",
    "/p.gif?",
    "/p.gif?a=1&b=2&c=3&d=4",
    "/p.gif?a=%20&b=%7B%22x%22%3A1%7D&c=%25&d=%C3%A9",
    "/p.gif?a=<>\"{}|\\^~[]`'",
    "/p.gif?a=(x);,+/=&b=:@!$*",
    "/p.gif?" + "q" * 4000,
    "/not/here.gif?x=1",
    "/%2e%2e/%00?x=%09",
    "http://other.example.com/p.gif?absolute=1",
)
HEADERS = (
    ("User-Agent: Mozilla/5.0 (X11; Linux) \"quoted\" 100% {sure} 'x' ~`^|\\[]<>#",),
    ("User-Agent: tab\there", "Referer: http://a.example/?q=%7B%22&r=\u00fc"),
    ("User-Agent: -", "Referer: -"),
    ("User-Agent:", "Referer:"),
    ("X-Forwarded-For: 203.0.113.7, 10.0.0.1", "X-Forwarded-Proto: https"),
    ("X-Forwarded-For: 2001:db8::1", "Cookie: secret=1; b=%"),
    ("X-Forwarded-For: not an address",),
)


def requests():
    """All of them, as bytes."""
    for target in TARGETS:
        yield get(target)
    for headers in HEADERS:
        yield get("/p.gif?h=1", *headers)
    yield get("/p.gif", method="HEAD")
    yield get("/p.gif", "Content-Length: 0", method="POST")
    yield b"GET /p.gif HTTP/1.0\r\n\r\n"
    yield b"GET /p.gif HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\nConnection: close\r\n\r\n"
