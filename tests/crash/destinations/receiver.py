# SPDX-License-Identifier: Apache-2.0
"""Takes every HTTP request on loopback and keeps its key and body, in a thread."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """`requests`: (Idempotency-Key, body) in the order in which they were complete."""

    def __init__(self):
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                wanted = int(self.headers["Content-Length"])
                body = self.rfile.read(wanted)
                if len(body) < wanted:  # The shipper was killed while it sent.
                    self.close_connection = True
                    return
                outer.requests.append((self.headers["Idempotency-Key"], body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # A connection that a kill cut off.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
