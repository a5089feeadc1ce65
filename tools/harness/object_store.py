# SPDX-License-Identifier: Apache-2.0
"""S3 servers on loopback for tests: a strict one of ours, and s3rver from npm."""

import json
import os
import pathlib
import shutil
import subprocess
import urllib.request

from harness.process import Failure, Process, free_port, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRICT = ROOT / "tests" / "integration" / "strict_s3" / "server.py"


class ObjectServer:
    """Started on entry, gone on exit. `access` and `secret` are its keys."""

    def __init__(self, name, argv, place, port, access, secret):
        self.port, self.access, self.secret = port, access, secret
        self.process = Process(name, argv, pathlib.Path(place) / f"{name}.log")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self):
        """What aws and the shipper need in their environment."""
        return {"AWS_ACCESS_KEY_ID": self.access, "AWS_SECRET_ACCESS_KEY": self.secret,
                "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}

    def __enter__(self):
        self.process.start()
        self.process.wait_for_port(self.port)
        return self

    def __exit__(self, *_):
        self.process.kill()

    def aws(self, *words):
        """What `aws` prints, asked with the keys of this server."""
        if shutil.which("aws") is None:
            raise Failure("aws is not installed: tools/install_deps test")
        environment = {**os.environ, **self.variables, "AWS_PAGER": ""}
        return run(["aws", "--endpoint-url", self.url, *words], env=environment).stdout

    def download(self, bucket, folder):
        """All objects of a bucket as files below `folder`; their keys, sorted."""
        self.aws("s3", "sync", "--only-show-errors", f"s3://{bucket}", str(folder))
        return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*")
                      if path.is_file())


class StrictS3(ObjectServer):
    """tests/integration/strict_s3: signatures, conditions, parts, and faults on demand."""

    def __init__(self, place, *options, bucket="bucket"):
        port = free_port()
        super().__init__("strict_s3", ["python3", STRICT, "--port", port, "--bucket", bucket,
                                       *options], place, port, "AKIATESTTESTTESTTEST",
                         "secret/with+all=kinds")

    def control(self, what, body=None):
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(f"{self.url}/-/{what}", data=data, timeout=10) as answer:
            return json.load(answer)

    def fail(self, *faults):
        """See strict_s3/server.py; replaces those before."""
        self.control("faults", list(faults))


class S3rver(ObjectServer):
    """The npm package s3rver, as tools/fetch_s3rver brings it."""

    def __init__(self, folder, place, bucket="bucket"):
        port = free_port()
        data = pathlib.Path(place) / "s3rver-data"
        data.mkdir()
        program = pathlib.Path(folder) / "node_modules/s3rver/bin/s3rver.js"
        # Its continuation tokens are made with a cipher that OpenSSL 3 counts among the old ones.
        super().__init__("s3rver", ["node", "--openssl-legacy-provider", program, "--directory",
                                    data, "--address", "127.0.0.1", "--port", port, "--silent",
                                    "--no-vhost-buckets", "--configure-bucket", bucket],
                         place, port, "S3RVER", "S3RVER")

    @staticmethod
    def fetch():
        """The folder of the package; nothing without npm or network."""
        if shutil.which("node") is None:
            return None
        done = subprocess.run([ROOT / "tools" / "fetch_s3rver"], capture_output=True, text=True,
                              check=False)
        return done.stdout.splitlines()[-1] if done.returncode == 0 else None
