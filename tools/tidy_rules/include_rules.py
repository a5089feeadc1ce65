# SPDX-License-Identifier: Apache-2.0
"""Who may include whom. The picture is docs/ARCHITECTURE.md's: base <- logfmt <- edge | shipper;
the two servers meet only in files on disk."""

import re

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)

# A folder may include itself, these, and nothing else. Longest prefix wins; "" ends a folder's
# own name so that edge/ itself (worker, dispatch) may see all of its parts.
ALLOWED = {
    "base": (),
    "logfmt": ("base",),
    "edge/net": ("base", "edge/client/ip_address.h", "edge/client/peer.h"),
    "edge/http": ("base",),
    "edge/log": ("base", "logfmt", "edge/http/request_view.h"),
    "edge/client": ("base", "edge/http/request_view.h"),
    "edge/policy": ("base", "edge/client", "edge/http/request_view.h"),
    "edge/events": ("base",),
    "edge/routes": ("base", "edge/http"),
    "edge/life": ("base",),
    "edge": ("base", "logfmt"),
    "shipper/state": ("base", "logfmt"),
    "shipper/tail": ("base", "logfmt"),
    "shipper/decode": ("base", "logfmt", "shipper/tail"),
    "shipper/transform": ("base", "logfmt", "shipper/tail", "shipper/decode"),
    "shipper/batch": ("base", "logfmt", "shipper/tail", "shipper/decode", "shipper/transform"),
    "shipper/deliver": ("base", "logfmt", "shipper/state", "shipper/tail", "shipper/decode",
                        "shipper/transform", "shipper/batch"),
    "shipper/encode": ("base", "logfmt", "shipper/decode", "shipper/batch"),
    "shipper/transport": ("base",),
    "shipper/views": ("base", "logfmt", "shipper/decode"),
    "shipper/sinks": ("base", "logfmt", "shipper/state", "shipper/decode", "shipper/batch",
                      "shipper/deliver", "shipper/encode", "shipper/transport", "shipper/views"),
    "shipper": ("base", "logfmt"),
    "tools": ("base", "logfmt"),
}
# Contracts that the stages before them need to know: data and interfaces, no machinery.
CONTRACTS = ("shipper/deliver/checkpoint.h", "shipper/sinks/sink.h")
# A sink never knows another one, but the two DuckDB users share what speaks with DuckDB.
SHARED_BY_SINKS = {"shipper/sinks/lake": ("shipper/sinks/duckdb/duckdb_handle.h",
                                          "shipper/sinks/duckdb/duckdb_rows.h",
                                          "shipper/sinks/duckdb/duckdb_query.h"),
                   "shipper/sinks/redshift": ("shipper/sinks/s3/s3_verdict.h",)}
UNRESTRICTED = ("tests/", "bench/")


def check_includes(source):
    """Every #include "..." of our own against the table above."""
    if source.language != "cpp" or source.path.startswith(UNRESTRICTED):
        return
    for match in INCLUDE.finditer(source.text):
        target = match.group(1)
        reason = refusal(source.path, target)
        if reason:
            line = source.text.count("\n", 0, match.start(1)) + 1
            yield source.finding(line, "include", f"{target}: {reason}")


def folder_of(path):
    return path.rpartition("/")[0]


def home_of(path):
    """The longest key of ALLOWED that holds the path."""
    homes = [home for home in ALLOWED if path.startswith(home + "/")]
    return max(homes, key=len) if homes else ""


def within(target, place):
    return target == place or target.startswith(place + "/")


def refusal(path, target):
    """Why `path` may not include `target`, or nothing."""
    home = home_of(path)
    if not home:
        return ""
    if "/" not in target:
        return "name it from the root of the tree"
    if target.startswith(UNRESTRICTED):
        return "tests and benches are never included"
    if home == "shipper/sinks":
        return sink_refusal(path, target)
    if home == "tools":
        own = "/".join(path.split("/")[:2])
        allowed = ALLOWED["tools"] + (own,)
    else:
        allowed = ALLOWED[home] + (home,)
    if home.startswith("shipper"):
        allowed += CONTRACTS
    if any(within(target, place) for place in allowed):
        return ""
    return f"{home}/ may include " + ", ".join(sorted(set(allowed)))


def sink_refusal(path, target):
    own = folder_of(path)
    allowed = ALLOWED["shipper/sinks"] + CONTRACTS + SHARED_BY_SINKS.get(own, ())
    is_registry = own == "shipper/sinks"  # The registry knows all sinks.
    if any(within(target, place) for place in allowed + (own,)):
        return ""
    if is_registry and within(target, "shipper/sinks"):
        return ""
    return "a sink may include the stages before it and its own folder, never another sink"


RULES = (check_includes,)
