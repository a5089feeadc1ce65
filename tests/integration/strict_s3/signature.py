# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4 from the server's side, strict: every rule that Amazon states.

Source: Amazon S3 API Reference, Authenticating requests: using the Authorization header.
"""

import datetime
import hashlib
import hmac
import re
import urllib.parse

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")
SKEW = datetime.timedelta(minutes=15)


class Refused(Exception):
    """A status, an S3 error code, and what was wrong."""

    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


def encode(text, safe=""):
    return urllib.parse.quote(text, safe="-._~" + safe)


def canonical_path(raw_path):
    """S3 signs the path as it is sent, encoded once; anything sent otherwise is a bug of ours."""
    wanted = encode(urllib.parse.unquote(raw_path), "/")
    if raw_path != wanted:
        raise Refused(403, "SignatureDoesNotMatch", f"path {raw_path} is not encoded as {wanted}")
    return wanted


def canonical_query(raw_query):
    pairs = urllib.parse.parse_qsl(raw_query, keep_blank_values=True)
    return "&".join(sorted(f"{encode(name)}={encode(value)}" for name, value in pairs))


def canonical_headers(headers, signed):
    lines = []
    for name in signed:
        values = headers.get_all(name)
        if not values:
            raise Refused(403, "SignatureDoesNotMatch", f"signed header {name} is not there")
        lines.append(f"{name}:{','.join(' '.join(value.split()) for value in values)}\n")
    return "".join(lines)


def require_signed(headers, signed):
    if list(signed) != sorted(signed):
        raise Refused(403, "SignatureDoesNotMatch", "SignedHeaders are not sorted")
    needed = {"host", "x-amz-content-sha256", "x-amz-date"}
    needed.update(name.lower() for name in headers.keys() if name.lower().startswith("x-amz-"))
    lacking = needed - set(signed)
    if lacking:
        raise Refused(403, "AccessDenied", f"headers not signed: {', '.join(sorted(lacking))}")


def signing_key(secret, day, region):
    key = ("AWS4" + secret).encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def check_date(headers, day):
    text = headers.get("x-amz-date", "")
    try:
        at = datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ")
    except ValueError as error:
        raise Refused(403, "AccessDenied", f"x-amz-date {text} is no time") from error
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    if abs(now - at) > SKEW:
        raise Refused(403, "RequestTimeTooSkewed", "the clocks differ too much")
    if not text.startswith(day):
        raise Refused(403, "SignatureDoesNotMatch", "scope and x-amz-date are of two days")
    return text


def check(method, raw_path, raw_query, headers, body, keys):
    """Raises Refused unless the request is signed with `keys` (access, secret, token, region)."""
    match = AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
    if match is None:
        raise Refused(403, "AccessDenied", "no Authorization of Signature Version 4")
    access, day, region, service, signed, signature = match.groups()
    if access != keys["access"]:
        raise Refused(403, "InvalidAccessKeyId", "the access key is not known")
    if headers.get("x-amz-security-token", "") != keys.get("token", ""):
        raise Refused(400, "ExpiredToken", "the provided token has expired")
    if (region, service) != (keys["region"], "s3"):
        raise Refused(400, "AuthorizationHeaderMalformed",
                      f"the region '{region}' is wrong; expecting '{keys['region']}'")
    signed = signed.split(";")
    require_signed(headers, signed)
    stamp = check_date(headers, day)
    payload = headers["x-amz-content-sha256"]
    if payload != hashlib.sha256(body).hexdigest():
        raise Refused(400, "XAmzContentSHA256Mismatch", "the body has another SHA-256")
    request = "\n".join([method, canonical_path(raw_path), canonical_query(raw_query),
                         canonical_headers(headers, signed), ";".join(signed), payload])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{day}/{region}/s3/aws4_request",
                      hashlib.sha256(request.encode()).hexdigest()])
    wanted = hmac.new(signing_key(keys["secret"], day, region), text.encode(), hashlib.sha256)
    if not hmac.compare_digest(wanted.hexdigest(), signature):
        raise Refused(403, "SignatureDoesNotMatch",
                      f"the signature is wrong; signed was:\n{request}")
