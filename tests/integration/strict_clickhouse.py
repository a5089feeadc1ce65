# SPDX-License-Identifier: Apache-2.0
"""A stand-in for what a ClickHouse of today does and Debian's of 2018 does not: inserts that are
known again by insert_deduplication_token, within a window; async_insert with wait_for_async_insert;
types of columns that came later. It is strict: an unknown parameter, a token too few, bytes that
are not the columns' are exceptions with ClickHouse's own numbers. Faults come from `script(kind)`.
"""

import contextlib
import gzip
import http.server
import re
import socket
import struct
import threading
import urllib.parse
import uuid

VERSION = "24.8.4.13"
SETTINGS = ("insert_deduplication_token", "insert_deduplicate", "async_insert",
            "wait_for_async_insert", "async_insert_deduplicate")
PARAMETERS = {*SETTINGS, "query", "query_id", "database", "readonly", "default_format",
              "output_format_json_quote_64bit_integers", "max_result_rows",
              "result_overflow_mode", "max_execution_time"}
RESET_BEFORE, RESET_AFTER = "reset before", "reset after"
NUMBERS = {"Int8": "<b", "Int16": "<h", "Int32": "<i", "Int64": "<q", "UInt8": "<B",
           "UInt16": "<H", "UInt32": "<I", "UInt64": "<Q", "Float32": "<f", "Float64": "<d",
           "DateTime": "<I"}


class ServerException(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Table:
    def __init__(self, columns, engine_full):
        self.columns = columns  # [(name, type)]
        self.engine_full = engine_full
        found = re.search(r"non_replicated_deduplication_window = (\d+)", engine_full)
        self.window = int(found.group(1)) if found else 0
        self.tokens = []
        self.rows = []  # Dictionaries.


def unwrap(type_name):
    """(plain type, nullable)"""
    for wrapper in ("LowCardinality", "Nullable"):
        found = re.fullmatch(wrapper + r"\((.*)\)", type_name)
        if found:
            inner, nullable = unwrap(found.group(1))
            return inner, nullable or wrapper == "Nullable"
    return re.sub(r"^DateTime\(.*\)$", "DateTime", type_name), False


class BinaryReader:
    """RowBinary; anything that ends early or is no text is exception 33 or 117."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise ServerException(33, "Cannot read all data")
        piece = self.data[self.at:self.at + size]
        self.at += size
        return piece

    def length(self):
        number, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def value(self, type_name):
        plain, nullable = unwrap(type_name)
        if nullable and self.take(1) != b"\0":
            return None
        if plain == "String":
            return self.take(self.length()).decode("utf-8")
        if plain in NUMBERS:
            return struct.unpack(NUMBERS[plain], self.take(struct.calcsize(NUMBERS[plain])))[0]
        if plain.startswith("DateTime64("):
            return struct.unpack("<q", self.take(8))[0]
        if plain == "UUID":
            high, low = self.take(8)[::-1], self.take(8)[::-1]
            return str(uuid.UUID(bytes=high + low))
        if plain == "IPv6":
            return socket.inet_ntop(socket.AF_INET6, self.take(16))
        raise ServerException(50, f"Unknown type {plain}")


def read_tsv(data, columns):
    rows = []
    for line in data.decode("utf-8").splitlines(keepends=True):
        if not line.endswith("\n"):
            raise ServerException(33, "Cannot read all data")
        fields = line[:-1].split("\t")
        if len(fields) != len(columns):
            raise ServerException(27, "Cannot parse input: expected tab")
        row = {}
        for (name, type_name), field in zip(columns, fields):
            plain, nullable = unwrap(type_name)
            if field == "\\N":
                if not nullable:
                    raise ServerException(27, f"NULL for {name}")
                row[name] = None
            elif plain in NUMBERS and not plain.startswith("Float"):
                if not re.fullmatch(r"-?\d+", field):
                    raise ServerException(72, f"Cannot parse number for {name}")
                row[name] = int(field)
            elif plain == "DateTime64(6, 'UTC')":
                whole, _, fraction = field.partition(".")
                row[name] = int(whole) * 1_000_000 + int((fraction + "000000")[:6])
            else:
                row[name] = re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(
                    found.group(1), found.group(1)), field)
        rows.append(row)
    return rows


def read_binary(data, columns):
    reader, rows = BinaryReader(data), []
    while reader.at < len(data):
        rows.append({name: reader.value(type_name) for name, type_name in columns})
    return rows


def split_columns(text):
    """`a` X(1, 'b'), `c` Y -> [("a", "X(1, 'b')"), ("c", "Y")]"""
    parts, depth, begin = [], 0, 0
    for at, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    parts.append(text[begin:])
    return [tuple(part.strip().replace("`", "").split(" ", 1)) for part in parts]


class StrictClickhouse:
    """Listens on 127.0.0.1. `refuses(row)`: a text where a row is refused (code 469)."""

    def __init__(self):
        self.tables = {}
        self.script = lambda kind: None
        self.refuses = lambda row: None
        self.inserts = self.repeated = 0
        self.faults = {}
        self.running = set()
        self.violations = []
        self.lock = threading.Lock()
        standin = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                if len(body) == length:
                    standin.handle(self, body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A sender that was killed is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler, body):
        parameters = dict(urllib.parse.parse_qsl(handler.path.partition("?")[2],
                                                 keep_blank_values=True))
        if handler.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        is_insert = parameters.get("query", "").startswith("INSERT")
        with contextlib.suppress(OSError):
            fault = self.script("insert" if is_insert else "query")
            if fault is not None:
                with self.lock:
                    self.faults[fault] = self.faults.get(fault, 0) + 1
            if fault == RESET_BEFORE:
                return reset(handler)
            if isinstance(fault, int):
                return answer_exception(handler, ServerException(fault, "as told"))
            try:
                text = self.insert(parameters, body) if is_insert else \
                    self.query(parameters, body.decode("utf-8"))
            except ServerException as error:
                return answer_exception(handler, error)
            if fault == RESET_AFTER:
                return reset(handler)
            answer(handler, 200, text)

    def check_parameters(self, parameters):
        for name in parameters:
            if name not in PARAMETERS:
                raise ServerException(115, f"Unknown setting {name}")

    def query(self, parameters, sql):
        self.check_parameters(parameters)
        with self.lock:
            if sql == "SELECT version()":
                return VERSION + "\n"
            if "FROM system.settings" in sql:
                return "".join(name + "\n" for name in SETTINGS if f"'{name}'" in sql)
            if "FROM system.merge_tree_settings" in sql:
                return "replicated_deduplication_window\t100\n" \
                       "non_replicated_deduplication_window\t0\n"
            if "FROM system.data_type_families" in sql:
                return "DateTime64\nIPv6\n"
            if "FROM system.processes" in sql:
                found = re.search(r"query_id = '([^']*)'", sql)
                return f"{int(found.group(1) in self.running)}\n"
            if "FROM system.tables" in sql:
                return "".join(f"{name}\tMergeTree\t{quoted(table.engine_full)}\n"
                               for name, table in self.tables.items())
            if "FROM system.columns" in sql:
                return "".join(f"{name}\t{column}\t{quoted(type_name)}\n"
                               for name, table in self.tables.items()
                               for column, type_name in table.columns)
            if sql.startswith("CREATE DATABASE"):
                return ""
            made = re.fullmatch(r"CREATE TABLE IF NOT EXISTS `\w+`\.`(\w+)` \((.*)\) ENGINE = "
                                r"(MergeTree.*)", sql)
            if made:
                self.tables.setdefault(made.group(1), Table(split_columns(made.group(2)),
                                                            made.group(3)))
                return ""
        raise ServerException(62, f"Syntax error: {sql[:200]}")

    def insert(self, parameters, data):
        self.check_parameters(parameters)
        found = re.fullmatch(r"INSERT INTO `\w+`\.`(\w+)` \(([^)]*)\) FORMAT (\w+)",
                             parameters["query"])
        if not found:
            raise ServerException(62, f"Syntax error: {parameters['query'][:200]}")
        name, columns, form = found.groups()
        if name not in self.tables:
            raise ServerException(60, f"Table {name} doesn't exist")
        if parameters.get("async_insert") == "1" and parameters.get("wait_for_async_insert") != "1":
            self.violations.append("async_insert without wait_for_async_insert=1")
        types = dict(self.tables[name].columns)
        wanted = [(column.strip(" `"), types.get(column.strip(" `"))) for column in
                  columns.split(",")]
        if any(type_name is None for _, type_name in wanted):
            raise ServerException(16, f"No such column in {name}")
        rows = read_binary(data, wanted) if form == "RowBinary" else read_tsv(data, wanted)
        return self.store(self.tables[name], rows, parameters)

    def store(self, table, rows, parameters):
        query_id = parameters.get("query_id", "")
        with self.lock:
            if query_id in self.running:
                raise ServerException(216, "Query with id is already running")
            self.running.add(query_id)
        try:
            for row in rows:
                reason = self.refuses(row)
                if reason:
                    raise ServerException(469, f"Constraint is violated: {reason}")
            with self.lock:
                self.inserts += 1
                token = parameters.get("insert_deduplication_token")
                is_plain = parameters.get("async_insert") != "1" and \
                    parameters.get("insert_deduplicate") != "0"
                if table.window and not token and is_plain:
                    self.violations.append("an insert without a token")
                if table.window and token in table.tokens:
                    self.repeated += 1
                    return ""
                if token:
                    table.tokens = (table.tokens + [token])[-max(table.window, 1):]
                table.rows += rows
                return ""
        finally:
            with self.lock:
                self.running.discard(query_id)


def quoted(text):
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t")


def reset(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def answer(handler, status, text, headers=()):
    body = text.encode("utf-8")
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def answer_exception(handler, error):
    answer(handler, 404 if error.code == 60 else 500,
           f"Code: {error.code}. DB::Exception: {error}. (version {VERSION})\n",
           [("X-ClickHouse-Exception-Code", str(error.code))])
