#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A strict S3 server on loopback for tests: signatures, conditions, parts, and faults on demand.

    server.py [--port N] [--bucket NAME ...] [--access KEY] [--secret KEY] [--token TOKEN]
              [--region NAME] [--page N] [--virtual-host]

Prints "listening on PORT". Beside S3, without a signature, only for tests:

    GET  /-/log        the requests so far, as JSON: method, bucket, key, query, status
    GET  /-/state      counts: objects, uploads, overwritten
    POST /-/faults     [{"method":"PUT","key":"regular expression","times":1, "action": ...}, ...]
                       replaces what was there; actions: {"status":503,"code":"SlowDown",
                       "retry_after":1}, {"drop":"before"|"after"} (the connection, before or after
                       the work is done), {"sleep":0.5}, {"half":true} (half of the answer)
    POST /-/keys       {"access":...,"secret":...,"token":...,"region":...}: from now on these
"""

import argparse
import json
import pathlib
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from strict_s3 import signature  # noqa: E402
from strict_s3.signature import Refused  # noqa: E402
from strict_s3.store import Store  # noqa: E402

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace(
        '"', "&quot;")


class World:
    """What all connections share."""

    def __init__(self, options):
        self.buckets = {name: Store() for name in options.bucket}
        self.keys = {"access": options.access, "secret": options.secret, "token": options.token,
                     "region": options.region}
        self.page, self.virtual_host = options.page, options.virtual_host
        self.lock = threading.Lock()
        self.log = []
        self.faults = []

    def take_fault(self, method, key):
        with self.lock:
            for fault in self.faults:
                matches = (fault.get("method", method) == method and
                           re.search(fault.get("key", ""), key) and fault.get("times", 1) > 0)
                if matches:
                    fault["times"] = fault.get("times", 1) - 1
                    return fault["action"]
        return {}

    def note(self, **entry):
        with self.lock:
            self.log.append(entry)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = None
    server_version = "StrictS3"

    def log_message(self, *_):
        pass

    def answer(self, status, body="", headers=(), is_head=False):
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not is_head:
            half = self.action.get("half", False)
            self.wfile.write(data[:len(data) // 2] if half else data)
            self.close_connection = self.close_connection or half
        self.status = status

    def refuse(self, refused, headers=()):
        body = (f"{XML}<Error><Code>{refused.code}</Code>"
                f"<Message>{escape(refused.message)}</Message></Error>")
        self.answer(refused.status, body, [("Content-Type", "application/xml"), *headers],
                    self.command == "HEAD")

    def read_body(self):
        if "Content-Length" not in self.headers:
            if self.command in ("PUT", "POST"):
                raise Refused(411, "MissingContentLength", "no Content-Length")
            return b""
        wanted = int(self.headers["Content-Length"])
        body = self.rfile.read(wanted)
        if len(body) < wanted:
            raise Refused(400, "IncompleteBody", "the body is shorter than it should be")
        return body

    def where(self, path):
        """Bucket and key of a request."""
        if self.world.virtual_host:
            return self.headers["Host"].split(".")[0], path[1:]
        bucket, _, key = path[1:].partition("/")
        return bucket, key

    def handle_any(self):
        self.action, self.status = {}, 0
        raw_path, _, raw_query = self.path.partition("?")
        if raw_path.startswith("/-/"):
            self.control(raw_path)
            return
        query = dict(urllib.parse.parse_qsl(raw_query, keep_blank_values=True))
        bucket, key = self.where(urllib.parse.unquote(raw_path))
        self.action = self.world.take_fault(self.command, key)
        try:
            body = self.read_body()
            if self.action.get("drop") == "before":
                raise ConnectionAbortedError
            time.sleep(self.action.get("sleep", 0))
            signature.check(self.command, raw_path, raw_query, self.headers, body, self.world.keys)
            if "status" in self.action:
                raise Refused(self.action["status"], self.action.get("code", "Injected"),
                              "injected")
            self.work(bucket, key, query, body)
        except Refused as refused:
            extra = [("Retry-After", str(self.action["retry_after"]))
                     ] if "retry_after" in self.action else []
            if refused.code == "AuthorizationHeaderMalformed":
                extra.append(("x-amz-bucket-region", self.world.keys["region"]))
            self.refuse(refused, extra)
        except ConnectionAbortedError:
            self.close_connection = True
        self.world.note(method=self.command, bucket=bucket, key=key, query=raw_query,
                        status=self.status)

    def work(self, bucket, key, query, body):
        store = self.world.buckets.get(bucket)
        if self.command == "PUT" and key == "":
            if store is not None:
                raise Refused(409, "BucketAlreadyOwnedByYou", "it is yours already")
            self.world.buckets[bucket] = Store()
            self.answer(200)
            return
        if store is None:
            raise Refused(404, "NoSuchBucket", "the specified bucket does not exist")
        self.conclude(*self.operate(store, key, query, body))

    def conclude(self, status, body="", headers=()):
        if self.action.get("drop") == "after":
            raise ConnectionAbortedError
        self.answer(status, body, headers, self.command == "HEAD")

    def operate(self, store, key, query, body):
        """The operation of S3 that this is: status, body, headers."""
        if key == "":
            if self.command == "HEAD":
                return 200, "", ()
            if self.command != "GET":
                raise Refused(405, "MethodNotAllowed", "not on a bucket")
            listing = self.list_uploads if "uploads" in query else self.list
            return listing(store, query)
        operation = {"PUT": self.put, "POST": self.post, "GET": self.get, "HEAD": self.get,
                     "DELETE": self.delete}[self.command]
        return operation(store, key, query, body)

    def put(self, store, key, query, body):
        if "partNumber" in query:
            etag = store.put_part(key, query["uploadId"], int(query["partNumber"]), self.headers,
                                  body)
        else:
            etag = store.put(key, self.headers, body)
        return 200, "", [("ETag", etag)]

    def post(self, store, key, query, body):
        if "uploads" in query:
            name = store.begin(key, self.headers)
            return 200, (f"{XML}<InitiateMultipartUploadResult><Key>{escape(key)}</Key>"
                         f"<UploadId>{name}</UploadId></InitiateMultipartUploadResult>"), ()
        etag = store.complete(key, query["uploadId"], self.headers, body.decode())
        return 200, (f"{XML}<CompleteMultipartUploadResult><ETag>{escape(etag)}</ETag>"
                     "</CompleteMultipartUploadResult>"), ()

    def get(self, store, key, _query, _body):
        found = store.get(key)
        headers = [("ETag", found.etag), ("Content-Length", str(len(found.body))),
                   ("Last-Modified", self.date_time_string(found.at)),
                   *found.headers.items()]
        return 200, b"" if self.command == "HEAD" else found.body, headers

    def delete(self, store, key, query, _body):
        if "uploadId" in query:
            store.abort(key, query["uploadId"])
        else:
            store.remove(key)
        return 204, "", ()

    def list(self, store, query):
        if query.get("list-type") != "2":
            raise Refused(501, "NotImplemented", "only ListObjectsV2 here")
        count = min(int(query.get("max-keys", "1000")), self.world.page)
        after = query.get("continuation-token", "")
        found, is_cut = store.list(query.get("prefix", ""), after, count)
        # aws asks for keys as they stand in URLs.
        is_encoded = query.get("encoding-type") == "url"
        spell = signature.encode if is_encoded else escape
        body = [f"{XML}<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"]
        body.append(f"<IsTruncated>{'true' if is_cut else 'false'}</IsTruncated>")
        if is_cut:
            body.append(f"<NextContinuationToken>{escape(found[-1][0])}</NextContinuationToken>")
        if is_encoded:
            body.append("<EncodingType>url</EncodingType>")
        for key, content in found:
            at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(content.at))
            body.append(f"<Contents><Key>{spell(key)}</Key><ETag>{escape(content.etag)}</ETag>"
                        f"<LastModified>{at}</LastModified><Size>{len(content.body)}</Size>"
                        "<StorageClass>STANDARD</StorageClass></Contents>")
        return 200, "".join([*body, "</ListBucketResult>"]), ()

    @staticmethod
    def list_uploads(store, query):
        body = [f"{XML}<ListMultipartUploadsResult>"]
        for key, name in store.open_uploads(query.get("prefix", "")):
            body.append(f"<Upload><Key>{escape(key)}</Key><UploadId>{name}</UploadId></Upload>")
        return 200, "".join([*body, "</ListMultipartUploadsResult>"]), ()

    def control(self, path):
        length = int(self.headers.get("Content-Length", "0"))
        said = json.loads(self.rfile.read(length)) if length else None
        stores = self.world.buckets.values()
        reply = {}
        with self.world.lock:
            if path == "/-/log":
                reply = self.world.log
            elif path == "/-/state":
                reply = {"objects": sum(len(store.objects) for store in stores),
                         "uploads": sum(len(store.uploads) for store in stores),
                         "overwritten": sum(store.overwritten for store in stores)}
            elif path == "/-/faults":
                self.world.faults = said
            elif path == "/-/keys":
                self.world.keys.update(said)
        self.answer(200, json.dumps(reply))

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bucket", action="append", default=[])
    parser.add_argument("--access", default="AKIATESTTESTTESTTEST")
    parser.add_argument("--secret", default="secret/with+all=kinds")
    parser.add_argument("--token", default="")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--page", type=int, default=1000)
    parser.add_argument("--virtual-host", action="store_true")
    Handler.world = World(parser.parse_args())
    server = Server(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
