# SPDX-License-Identifier: Apache-2.0
"""Objects and multipart uploads of one bucket in memory, by the rules of Amazon S3."""

import base64
import hashlib
import re
import threading
import time
import uuid

from strict_s3.signature import Refused

PART_BYTES_MIN = 5 * 1024 * 1024
PARTS_MAX = 10_000
KEY_BYTES_MAX = 1024
METADATA_BYTES_MAX = 2048


class Object:
    def __init__(self, body, headers, etag):
        self.body, self.headers, self.etag = body, headers, etag
        self.at = time.time()


class Upload:
    def __init__(self, key, headers, with_checksums):
        self.key, self.headers, self.with_checksums = key, headers, with_checksums
        self.parts = {}  # Number -> (ETag, checksum, bytes)


def sha256_base64(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def kept_headers(headers):
    """What an object keeps: its metadata, type and encoding."""
    kept = {}
    metadata_bytes = 0
    for name, value in headers.items():
        name = name.lower()
        if name.startswith("x-amz-meta-"):
            metadata_bytes += len(name) - len("x-amz-meta-") + len(value)
        if name.startswith("x-amz-meta-") or name in ("content-type", "content-encoding"):
            kept[name] = value
    if metadata_bytes > METADATA_BYTES_MAX:
        raise Refused(400, "MetadataTooLarge", "the metadata is larger than 2 KB")
    return kept


def check_checksum(headers, body, is_required):
    checksum = headers.get("x-amz-checksum-sha256")
    if checksum is None and is_required:
        raise Refused(400, "InvalidRequest", "the upload wants a checksum of every part")
    if checksum is not None and checksum != sha256_base64(body):
        raise Refused(400, "XAmzContentChecksumMismatch", "the checksum is wrong")
    return checksum


class Store:
    """Any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.objects = {}
        self.uploads = {}
        self.overwritten = 0

    def _publish(self, key, content, headers):
        """Conditional like the request; REQUIRES: lock held."""
        condition = headers.get("If-None-Match")
        if condition not in (None, "*"):
            raise Refused(501, "NotImplemented", "If-None-Match takes only *")
        if key in self.objects and condition == "*":
            raise Refused(412, "PreconditionFailed", "at least one of the pre-conditions failed")
        self.overwritten += key in self.objects
        self.objects[key] = content

    def put(self, key, headers, body):
        if not 0 < len(key.encode()) <= KEY_BYTES_MAX:
            raise Refused(400, "KeyTooLongError", "the key is too long")
        check_checksum(headers, body, False)
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        content = Object(body, kept_headers(headers), etag)
        with self.lock:
            self._publish(key, content, headers)
        return etag

    def get(self, key):
        with self.lock:
            if key not in self.objects:
                raise Refused(404, "NoSuchKey", "the specified key does not exist")
            return self.objects[key]

    def remove(self, key):
        with self.lock:
            self.objects.pop(key, None)

    def list(self, prefix, after, count):
        with self.lock:
            keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
            return [(key, self.objects[key]) for key in keys[:count]], len(keys) > count

    def begin(self, key, headers):
        algorithm = headers.get("x-amz-checksum-algorithm")
        if algorithm not in (None, "SHA256"):
            raise Refused(400, "InvalidRequest", "no such checksum algorithm here")
        name = uuid.uuid4().hex + "+/="  # Whatever must be encoded in a query.
        with self.lock:
            self.uploads[name] = Upload(key, kept_headers(headers), algorithm is not None)
        return name

    def _upload(self, name, key):
        upload = self.uploads.get(name)
        if upload is None or upload.key != key:
            raise Refused(404, "NoSuchUpload", "the specified upload does not exist")
        return upload

    def put_part(self, key, name, number, headers, body):
        if not 1 <= number <= PARTS_MAX:
            raise Refused(400, "InvalidArgument", "part numbers are 1 to 10000")
        with self.lock:
            upload = self._upload(name, key)
            checksum = check_checksum(headers, body, upload.with_checksums)
            etag = f'"{hashlib.md5(body).hexdigest()}"'
            upload.parts[number] = (etag, checksum, body)
        return etag

    def complete(self, key, name, headers, xml):
        with self.lock:
            upload = self._upload(name, key)
            bodies = self._chosen_parts(upload, xml)
            digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies))
            etag = f'"{digest.hexdigest()}-{len(bodies)}"'
            self._publish(key, Object(b"".join(bodies), upload.headers, etag), headers)
            del self.uploads[name]
        return etag

    @staticmethod
    def _chosen_parts(upload, xml):
        chosen = re.findall(r"<Part>(.*?)</Part>", xml, re.DOTALL)
        if not chosen:
            raise Refused(400, "MalformedXML", "no parts")
        bodies = []
        last = 0
        for place, part in enumerate(chosen):
            number = int(re.search(r"<PartNumber>(\d+)</PartNumber>", part).group(1))
            etag = re.search(r"<ETag>(.*?)</ETag>", part).group(1).replace("&quot;", '"')
            checksum = re.search(r"<ChecksumSHA256>(.*?)</ChecksumSHA256>", part)
            if number <= last:
                raise Refused(400, "InvalidPartOrder", "the parts are not in order")
            last = number
            known = upload.parts.get(number)
            said = checksum.group(1) if checksum else None
            if known is None or known[0] != etag or (upload.with_checksums and known[1] != said):
                raise Refused(400, "InvalidPart", f"part {number} is not as it was uploaded")
            if len(known[2]) < PART_BYTES_MIN and place < len(chosen) - 1:
                raise Refused(400, "EntityTooSmall", f"part {number} is smaller than 5 MiB")
            bodies.append(known[2])
        return bodies

    def abort(self, key, name):
        with self.lock:
            self._upload(name, key)
            del self.uploads[name]

    def open_uploads(self, prefix):
        with self.lock:
            return sorted((upload.key, name) for name, upload in self.uploads.items()
                          if upload.key.startswith(prefix))
