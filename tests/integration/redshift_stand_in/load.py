# SPDX-License-Identifier: Apache-2.0
"""COPY ... FROM 's3://...' MANIFEST as Redshift reads it, turned into what PostgreSQL's COPY FROM
STDIN takes. Options that are not named here are refused: the stand-in knows what the sink says.

Source: Amazon Redshift Database Developer Guide, COPY."""

import dataclasses
import gzip
import json
import re

from redshift_stand_in.objects import Missing

COPY = re.compile(
    r"\s*COPY (?P<table>\S+) \((?P<columns>[^)]*)\) FROM 's3://(?P<bucket>[^/']+)/(?P<key>[^']+)' "
    r"IAM_ROLE (?P<role>default|'arn:aws[^']*') MANIFEST (?P<options>.*)", re.S)
JSON_OPTIONS = re.compile(r"JSON 'auto' TIMEFORMAT 'auto'( GZIP)?( REGION '[a-z0-9-]+')?")
TEXT_OPTIONS = re.compile(r"DELIMITER '\\t' TIMEFORMAT 'auto'( GZIP)?( REGION '[a-z0-9-]+')?")


class LoadFailed(Exception):
    """What the cluster would say."""


@dataclasses.dataclass
class Load:
    """Rows for PostgreSQL, and where each of them came from."""
    table: str
    columns: str
    rows: list = dataclasses.field(default_factory=list)
    places: list = dataclasses.field(default_factory=list)  # (file, line)


def escape(value):
    """One value of PostgreSQL's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    return (str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
            .replace("\r", "\\r"))


def read_manifest(bucket, name, key):
    """[(key, content)] of the entries, each checked against what the manifest says of it."""
    try:
        entries = json.loads(bucket.get(name, key))["entries"]
    except Missing:
        raise LoadFailed("The specified S3 manifest file does not exist") from None
    files = []
    for entry in entries:
        if entry.get("mandatory") is not True:
            raise LoadFailed("the stand-in wants every entry mandatory")
        place = entry["url"].removeprefix("s3://").partition("/")
        try:
            content = bucket.get(place[0], place[2])
        except Missing:
            raise LoadFailed(f"Problem reading manifest file - mandatory file {entry['url']} is "
                             "missing") from None
        if entry["meta"]["content_length"] != len(content):
            raise LoadFailed(f"{entry['url']} has {len(content)} bytes, not what is stated")
        files.append((entry["url"], content))
    return files


def read_load(sql, bucket):
    """None where the statement is no such COPY."""
    found = COPY.fullmatch(sql.strip().rstrip(";"))
    if not found:
        return None
    options = found["options"].strip()
    as_json = JSON_OPTIONS.fullmatch(options)
    as_text = TEXT_OPTIONS.fullmatch(options)
    if not as_json and not as_text:
        raise LoadFailed(f"syntax error in COPY options: {options}")
    zipped = (as_json or as_text)[1]
    load = Load(found["table"], found["columns"])
    names = [name.strip().strip('"') for name in found["columns"].split(",")]
    for url, content in read_manifest(bucket, found["bucket"], found["key"]):
        text = (gzip.decompress(content) if zipped else content).decode("utf-8")
        for number, line in enumerate(text.split("\n")[:-1], 1):
            if as_json:
                row = json.loads(line)
                values = [escape(row.get(name)) for name in names]
            else:
                values = [value if value == "\\N" else escape(value) for value in line.split("\t")]
                if len(values) != len(names):
                    raise LoadFailed(f"{url} line {number} has {len(values)} columns")
            load.rows.append("\t".join(values) + "\n")
            load.places.append((url, number))
    return load
