# SPDX-License-Identifier: Apache-2.0
"""One case against one server: send, take responses apart as strictly as we can, and find out
whether the connection goes on by asking once more. A server that lost its place in the stream
answers that probe wrongly, or not at all."""

import dataclasses
import re
import socket
import time

PROBE = b"GET /1x1.gif HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
PAUSE_SECONDS = 0.3     # A `~` in a case, when the server has nothing to say.
QUIET_SECONDS = 0.4     # After which a server that said nothing waits for more.
ANSWER_SECONDS = 3.0    # For responses that are expected.
CLOSE_SECONDS = 1.5     # For the end that is expected.
HEAD_END = b"\r\n\r\n"
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2}) [\t -~\x80-\xff]*\Z")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*\Z")


class Malformed(Exception):
    """Bytes that are no response."""


@dataclasses.dataclass
class Response:
    status: int
    headers: list  # (lower-case name, value)
    body: bytes

    def values(self, name):
        return [value for header, value in self.headers if header == name.lower()]

    def says_close(self):
        return any("close" in value.lower() for value in self.values("connection"))


@dataclasses.dataclass
class Outcome:
    responses: list
    end: str        # open, close, wait
    faults: list    # What no server may do, whatever the case.

    @property
    def statuses(self):
        return [response.status for response in self.responses]

    def __str__(self):
        return " ".join([*map(str, self.statuses), self.end])


def parse_head(data):
    lines = data.split(b"\r\n")
    match = STATUS_LINE.match(lines[0])
    if not match:
        raise Malformed(f"a status line {lines[0][:60]!r}")
    headers = []
    for line in lines[1:]:
        field = FIELD.match(line)
        if not field:
            raise Malformed(f"a header line {line[:60]!r}")
        headers.append((field[1].decode().lower(), field[2].decode("latin-1")))
    return Response(int(match[1]), headers, b"")


def take_chunks(data):
    """Body and rest, or None when it is not whole."""
    body = b""
    while True:
        line, found, data = data.partition(b"\r\n")
        if not found:
            return None
        size = int(line.split(b";")[0], 16)
        if size == 0:
            _, found, rest = (b"\r\n" + data).partition(HEAD_END)
            return (body, rest) if found else None
        if len(data) < size + 2:
            return None
        body, data = body + data[:size], data[size + 2:]


def take_response(data, method, ended):
    """One response and the rest, or None when it is not whole yet."""
    head, found, rest = data.partition(HEAD_END)
    if not found:
        if not b"HTTP/1.".startswith(data[:7]):
            raise Malformed(f"bytes that begin no response: {data[:60]!r}")
        return None
    response = parse_head(head)
    if method == "HEAD" or response.status < 200 or response.status in (204, 304):
        return response, rest
    lengths = response.values("content-length")
    if response.values("transfer-encoding"):
        chunks = take_chunks(rest)
        if chunks is None:
            return None
        response.body, rest = chunks
    elif lengths:
        size = int(lengths[0])
        if len(rest) < size:
            return None
        response.body, rest = rest[:size], rest[size:]
    elif not ended:
        return None
    else:
        response.body, rest = rest, b""
    return response, rest


def take_responses(data, methods, ended):
    """All whole responses. Interim ones do not count against `methods`."""
    responses, waiting = [], list(methods)
    while data:
        taken = take_response(data, waiting[0] if waiting else "GET", ended)
        if taken is None:
            if ended:
                raise Malformed(f"a response that is not whole: {data[:60]!r}")
            break
        response, data = taken
        responses.append(response)
        if response.status >= 200 and waiting:
            waiting.pop(0)
    return responses


class Talk:
    """One connection and what was received on it."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.ended = False

    def send(self, data):
        try:
            self.socket.settimeout(5)
            self.socket.sendall(data)
        except OSError:
            pass  # Closed in the middle of a large request: what it said before is still there.

    def receive(self, seconds, enough):
        """Until enough() or the end, or for `seconds`."""
        deadline = time.monotonic() + seconds
        while not self.ended and not enough():
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self.socket.settimeout(left)
            try:
                piece = self.socket.recv(65536)
                self.received += piece
                self.ended = not piece
            except TimeoutError:
                return
            except OSError:
                self.ended = True

    def close(self):
        self.socket.close()


def send_steps(talk, case):
    for index, step in enumerate(case.steps):
        if index > 0:
            before = len(talk.received)
            talk.receive(PAUSE_SECONDS, lambda: len(talk.received) > before)
        talk.send(step)


def find_end(talk, case, count):
    """Reads the responses and what becomes of the connection: its name and the probe's response."""
    methods = case.methods
    expects_wait = all(way.end == "wait" for way in case.ours or case.must)
    seconds = QUIET_SECONDS if expects_wait else ANSWER_SECONDS
    talk.receive(seconds, lambda: count > 0 and
                 len(take_responses(talk.received, methods, False)) >= count)
    responses = take_responses(talk.received, methods, talk.ended)
    if not talk.ended and all(way.end == "close" for way in case.ours or case.must):
        talk.receive(CLOSE_SECONDS, lambda: False)
    if talk.ended:
        return "close", take_responses(talk.received, methods, True)
    if not responses:
        return "wait", responses
    talk.send(PROBE)
    talk.receive(ANSWER_SECONDS, lambda: False)
    after = take_responses(talk.received, [*methods, "GET"], talk.ended)
    if talk.ended and len(after) > len(responses):
        return ("open" if after[-1].status == 200 else "lost"), after[:-1]
    return ("close" if talk.ended else "wait"), after


def find_faults(responses, end):
    """What a server may do in no case (RFC 9110 sections 8.6 and 15.5.6; RFC 9112, 6.1 and 9.6)."""
    faults = []
    for response in responses:
        framed = response.values("content-length") + response.values("transfer-encoding")
        if (response.status < 200 or response.status == 204) and framed:
            faults.append(f"{response.status} with a length")
        if response.values("content-length") and response.values("transfer-encoding"):
            faults.append("both lengths")
        if response.status == 405 and not response.values("allow"):
            faults.append("405 without Allow")
    if end == "open" and responses and responses[-1].says_close():
        faults.append("says close and stays")
    return faults


def run_case(address, case):
    """The outcome; Malformed bytes are a fault of it."""
    talk = Talk(address)
    try:
        send_steps(talk, case)
        end, responses = find_end(talk, case, case.responses_max)
        return Outcome(responses, end, find_faults(responses, end))
    except Malformed as malformed:
        return Outcome([], "malformed", [str(malformed)])
    finally:
        talk.close()
