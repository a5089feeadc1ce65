# SPDX-License-Identifier: Apache-2.0
"""Objects of an S3 server, read with a signature as the cluster's role would.

Source: Amazon S3 API Reference, Authenticating requests: using the Authorization header."""

import datetime
import hashlib
import hmac
import urllib.error
import urllib.parse
import urllib.request

EMPTY = hashlib.sha256(b"").hexdigest()


class Missing(Exception):
    """No such object."""


class Bucket:
    def __init__(self, endpoint, access, secret, region="us-east-1"):
        self.endpoint, self.access, self.secret, self.region = endpoint, access, secret, region

    def _sign(self, key, text):
        return hmac.new(key, text.encode(), hashlib.sha256).digest()

    def get(self, bucket, key):
        """Its bytes; Missing where there is none."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        host = urllib.parse.urlsplit(self.endpoint).netloc
        path = "/" + urllib.parse.quote(f"{bucket}/{key}", safe="/-._~")
        headers = {"host": host, "x-amz-content-sha256": EMPTY, "x-amz-date": now}
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = f"GET\n{path}\n\n{lines}\n{names}\n{EMPTY}"
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signing = ("AWS4" + self.secret).encode()
        for part in scope.split("/"):
            signing = self._sign(signing, part)
        signature = self._sign(signing, text).hex()
        headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.access}/{scope}, "
                                    f"SignedHeaders={names}, Signature={signature}")
        del headers["host"]
        try:
            with urllib.request.urlopen(
                    urllib.request.Request(self.endpoint + path, headers=headers)) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise Missing(key) from None
            raise
