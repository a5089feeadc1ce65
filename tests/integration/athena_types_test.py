#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each of the 33 fields of every line parses as its type in Amazon's Athena table for CloudFront
standard logs, and the two header lines are the first two of every segment."""

import datetime
import re

import awkward
from support import main_of

HEADER = ["#Version: 1.0", "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) "
          "cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) "
          "x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
          "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type "
          "cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte "
          "x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"]
# What may stand in a field of the log: no raw byte that the format encodes.
RAW = re.compile(r"[^\x00-\x20\x7f-\xff<>\"#{}|\\^~\[\]`']+")


def is_date(text):
    return datetime.date.fromisoformat(text) is not None


def is_time(text):
    return re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", text)


def is_string(text):
    return RAW.fullmatch(text)


def is_bigint(text):
    return re.fullmatch(r"\d{1,18}", text)


def is_int(text):
    return re.fullmatch(r"\d{1,9}", text)


def is_float(text):
    return re.fullmatch(r"\d+\.\d{3}", text)


def or_null(check):
    """Hive reads what is not a number as NULL; the format writes '-' there, and only that."""
    return lambda text: text == "-" or check(text)


TYPES = ([("date", is_date), ("time", is_time), ("x_edge_location", is_string),
          ("sc_bytes", is_bigint), ("c_ip", is_string)] +
         [(name, is_string) for name in ("cs_method", "cs_host", "cs_uri_stem")] +
         [("sc_status", is_int)] +
         [(name, is_string) for name in (
             "cs_referrer", "cs_user_agent", "cs_uri_query", "cs_cookie", "x_edge_result_type",
             "x_edge_request_id", "x_host_header", "cs_protocol")] +
         [("cs_bytes", is_bigint), ("time_taken", is_float)] +
         [(name, is_string) for name in (
             "x_forwarded_for", "ssl_protocol", "ssl_cipher", "x_edge_response_result_type",
             "cs_protocol_version", "fle_status")] +
         [("fle_encrypted_fields", or_null(is_int)), ("c_port", is_int),
          ("time_to_first_byte", is_float), ("x_edge_detailed_result_type", is_string),
          ("sc_content_type", is_string), ("sc_content_len", or_null(is_bigint)),
          ("sc_range_start", or_null(is_bigint)), ("sc_range_end", or_null(is_bigint))])


def check_line(line):
    fields = line.split("\t")
    assert len(fields) == len(TYPES) == 33, line
    for (name, fits), text in zip(TYPES, fields):
        assert fits(text), f"{name} = '{text}' does not fit its type: {line}"


def test(site):
    sent = list(awkward.requests())
    answered = [site.send(request) for request in sent]
    assert all(answer.startswith(b"HTTP/1.1 ") for answer in answered)
    site.stop()
    lines = 0
    for path in site.sealed_logs():
        text = path.read_bytes().decode("latin-1")
        assert text.endswith("\n")
        head, rows = text.split("\n")[:2], text.split("\n")[2:-1]
        assert head == HEADER, path
        for line in rows:
            if not line.startswith("#"):
                check_line(line)
                lines += 1
    print(f"{lines} lines for {len(sent)} requests")
    assert lines == len(sent)


if __name__ == "__main__":
    main_of(test)
