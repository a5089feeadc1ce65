// SPDX-License-Identifier: Apache-2.0
// See postgres_connection.h. libpq is in its non-blocking mode, and every wait is a poll() with
// what is left of the deadline: a blocking call would wait for ever on a server that is stopped.
#include "shipper/transport/postgres_connection.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/clock.h"
#include "base/hash.h"

namespace pixel::shipper {
namespace {

// libpq ends its messages with newlines and writes several lines where it tried several hosts.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      if (!line.empty() && !line.ends_with("; ")) line += "; ";
    } else if (c != '\t') {
      line += c;
    }
  }
  while (line.ends_with(' ') || line.ends_with(';')) line.pop_back();
  return line;
}

std::string field_of(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

PgError error_of(const PGresult* result) {
  PgError error;
  error.sqlstate = field_of(result, PG_DIAG_SQLSTATE);
  error.message = one_line(field_of(result, PG_DIAG_MESSAGE_PRIMARY));
  for (const int code : {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT}) {
    const std::string more = one_line(field_of(result, code));
    if (!more.empty()) error.message += "; " + more;
  }
  error.context = field_of(result, PG_DIAG_CONTEXT);
  if (error.message.empty()) error.message = one_line(PQresultErrorMessage(result));
  return error;
}

PgTable table_of(PGresult* result) {
  PgTable table;
  const int columns = PQnfields(result);
  for (int i = 0; i < columns; ++i) {
    table.columns.emplace_back(PQfname(result, i));
    table.types.push_back(PQftype(result, i));
  }
  for (int row = 0; row < PQntuples(result); ++row) {
    auto& cells = table.rows.emplace_back();
    for (int i = 0; i < columns; ++i) {
      if (PQgetisnull(result, row, i) != 0) {
        cells.emplace_back(std::nullopt);
      } else {
        cells.emplace_back(std::string(PQgetvalue(result, row, i),
                                       static_cast<std::size_t>(PQgetlength(result, row, i))));
      }
    }
  }
  const std::string_view affected = PQcmdTuples(result);
  std::from_chars(affected.data(), affected.data() + affected.size(), table.affected);
  return table;
}

bool is_error(ExecStatusType status) {
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
         status == PGRES_NONFATAL_ERROR;
}

std::string dsn_option(const std::string& dsn, std::string_view keyword) {
  if (!postgres_library.load()) return "";
  char* ignored = nullptr;  // May repeat the DSN with its password: freed unread.
  PQconninfoOption* options = PQconninfoParse(dsn.c_str(), &ignored);
  if (ignored != nullptr) PQfreemem(ignored);
  std::string value;
  for (auto* option = options; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) value = option->val;
  }
  PQconninfoFree(options);
  return value;
}

}  // namespace

bool is_postgres_dsn(const std::string& dsn) {
  if (!postgres_library.load()) return !dsn.empty();  // Nobody can tell; open() says why.
  char* ignored = nullptr;
  PQconninfoOption* options = PQconninfoParse(dsn.c_str(), &ignored);
  if (ignored != nullptr) PQfreemem(ignored);
  const bool is_good = options != nullptr && !dsn.empty();
  PQconninfoFree(options);
  return is_good;
}

std::string postgres_dsn_user(const std::string& dsn) { return dsn_option(dsn, "user"); }

bool has_postgres_password(const std::string& dsn) { return !dsn_option(dsn, "password").empty(); }

std::string postgres_dsn_place(const std::string& dsn) {
  const auto or_else = [&dsn](std::string_view keyword, const char* otherwise) {
    const std::string value = dsn_option(dsn, keyword);
    return value.empty() ? std::string(otherwise) : value;
  };
  return fmt::format("{}:{}/{}", or_else("host", "localhost"), or_else("port", "5432"),
                     or_else("dbname", ""));
}

namespace {

constexpr std::uint64_t kConnecting = 1;  // The call, to Patience.

// In libpq's whole seconds, of which it takes 2 at least.
std::uint64_t connect_seconds(const PostgresOptions& options) {
  std::uint64_t limit_ns = options.connect_timeout_ns;
  if (options.patience) limit_ns = options.patience->limit_ns(kConnecting, limit_ns);
  return std::max<std::uint64_t>(2, limit_ns / base::kSecondNs);
}

// A DSN's own settings come later in the list and win over ours.
PGconn* connect(const PostgresOptions& options, std::uint64_t connect_s) {
  const std::string seconds = std::to_string(connect_s);
  const std::string unacked_ms = std::to_string(options.timeout_ns / base::kMillisecondNs);
  std::vector<const char*> words = {
      "connect_timeout",  "keepalives_idle", "keepalives_interval", "keepalives_count",
      "tcp_user_timeout", "client_encoding", "application_name",    "dbname"};
  std::vector<const char*> values = {seconds.c_str(),
                                     "30",
                                     "10",
                                     "3",
                                     unacked_ms.c_str(),
                                     "UTF8",
                                     options.application_name.c_str(),
                                     options.dsn.c_str()};
  if (!options.password.empty()) {
    words.push_back("password");
    values.push_back(options.password.c_str());
  }
  words.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectdbParams(words.data(), values.data(), 1);
}

}  // namespace

PgResult<PostgresConnection> PostgresConnection::open(const PostgresOptions& options) {
  if (auto loaded = postgres_library.load(); !loaded) {
    return PgError{"", loaded.error().message, ""};
  }
  if (!is_postgres_dsn(options.dsn)) return PgError{"", "the dsn is no connection string", ""};
  const std::uint64_t connect_s = connect_seconds(options);
  const std::uint64_t begun_ns = base::monotonic_ns();
  PostgresConnection connection(connect(options, connect_s));
  if (connection.connection_ == nullptr) return PgError{"", "out of memory", ""};
  const std::uint64_t took_ns = base::monotonic_ns() - begun_ns;
  if (connection.is_lost()) {
    if (options.patience && took_ns >= connect_s * base::kSecondNs) {
      options.patience->stalled(kConnecting);
    }
    return PgError{"", one_line(PQerrorMessage(connection.connection_.get())), ""};
  }
  if (options.patience) options.patience->answered(kConnecting, took_ns);
  PQsetNoticeProcessor(
      connection.connection_.get(), [](void*, const char*) {}, nullptr);
  PQsetnonblocking(connection.connection_.get(), 1);
  connection.timeout_ns_ = options.timeout_ns;
  connection.patience_ = options.patience;
  if (!options.prelude.empty()) {
    if (auto done = connection.run(options.prelude); !done) return done.error();
  }
  return connection;
}

PostgresConnection::Call PostgresConnection::begin_call(std::string_view what) const {
  const std::uint64_t now_ns = base::monotonic_ns();
  Call call{base::hash64(what), now_ns + timeout_ns_, timeout_ns_, now_ns, 0, 0};
  if (patience_) call.limit_ns = patience_->limit_ns(call.id, timeout_ns_);
  return call;
}

PgError PostgresConnection::give_up(const Call& call) const {
  if (patience_) patience_->stalled(call.id);
  return {"",
          fmt::format("the server did not answer within {}",
                      base::format_duration_ns(std::min(call.limit_ns, timeout_ns_))),
          ""};
}

void PostgresConnection::answered(const Call& call) const {
  if (patience_) patience_->answered(call.id, call.pause_ns);
}

PgError PostgresConnection::lost(std::string_view what) {
  const std::string said = one_line(PQerrorMessage(connection_.get()));
  return {"", said.empty() ? std::string(what) : said, ""};
}

PgStatus PostgresConnection::wait(short events, Call& call) {
  for (;;) {
    const std::uint64_t now_ns = base::monotonic_ns();
    const std::uint64_t ends_ns = std::min(call.deadline_ns, call.moved_at_ns + call.limit_ns);
    if (now_ns >= ends_ns) return give_up(call);
    pollfd socket{PQsocket(connection_.get()), events, 0};
    if (socket.fd < 0) return lost("the connection is closed");
    const std::uint64_t left_ms = (ends_ns - now_ns) / base::kMillisecondNs + 1;
    const int ready = ::poll(&socket, 1, static_cast<int>(std::min<std::uint64_t>(left_ms, 1000)));
    if (ready < 0 && errno != EINTR) return PgError{"", "cannot wait for the socket", ""};
    const std::uint64_t unconfirmed = unconfirmed_bytes(socket.fd);
    const std::uint64_t waited_ns = base::monotonic_ns();
    call.pause_ns = std::max(call.pause_ns, waited_ns - call.moved_at_ns);
    if (ready > 0 || unconfirmed != call.unconfirmed) call.moved_at_ns = waited_ns;
    call.unconfirmed = unconfirmed;
    if (ready <= 0) continue;
    if ((socket.revents & POLLOUT) == 0 && PQconsumeInput(connection_.get()) == 0) {
      return lost("the connection broke");
    }
    return base::Unit{};
  }
}

PgStatus PostgresConnection::flush(Call& call) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return base::Unit{};
    if (left < 0) return lost("the connection broke while sending");
    // Reading too: a server whose own answers are stuck reads nothing more.
    if (auto ready = wait(POLLIN | POLLOUT, call); !ready) return ready;
  }
}

PgResult<PostgresConnection::ResultPtr> PostgresConnection::next_result(Call& call) {
  while (PQisBusy(connection_.get()) != 0) {
    if (auto ready = wait(POLLIN, call); !ready) return ready.error();
  }
  return ResultPtr(PQgetResult(connection_.get()));
}

// Reads results until the server is ready again: the last one, or the first error. An error that
// ended the session (57P01, a crash) has a SQLSTATE or libpq's own words.
PgResult<PgTable> PostgresConnection::finish_answer(Call& call) {
  std::optional<PgError> error;
  PgTable table;
  for (;;) {
    auto result = next_result(call);
    if (!result) return error ? *error : result.error();
    if (*result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result->get());
    if (is_error(status)) {
      if (!error) error = error_of(result->get());
    } else if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      return PgError{"", "COPY is not expected here", ""};
    } else {
      table = table_of(result->get());
    }
  }
  if (is_lost()) return error ? *error : lost("the connection broke");
  answered(call);
  if (error) return *error;
  return table;
}

PgResult<PgTable> PostgresConnection::run(const std::string& sql) {
  Call call = begin_call(sql);
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return lost("cannot send a statement");
  if (auto sent = flush(call); !sent) return sent.error();
  return finish_answer(call);
}

PgResult<PgTable> PostgresConnection::run_single(const std::string& sql) {
  Call call = begin_call(sql);
  if (PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) ==
      0) {
    return lost("cannot send a statement");
  }
  if (auto sent = flush(call); !sent) return sent.error();
  return finish_answer(call);
}

PgStatus PostgresConnection::copy_begin(const std::string& sql) {
  copy_ = sql;
  Call call = begin_call(sql);
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return lost("cannot send a statement");
  if (auto sent = flush(call); !sent) return sent;
  auto result = next_result(call);
  if (!result) return result.error();
  if (*result != nullptr && PQresultStatus(result->get()) == PGRES_COPY_IN) {
    answered(call);
    return base::Unit{};
  }
  PgError error = *result != nullptr ? error_of(result->get()) : lost("no answer to COPY");
  if (auto rest = finish_answer(call); !rest && rest.error().sqlstate.empty()) {
    return rest.error();
  }
  return error;
}

PgStatus PostgresConnection::copy_put(std::string_view bytes) {
  constexpr std::size_t kMessageBytes = 1 << 20;
  Call call = begin_call(copy_ + " rows");
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMessageBytes);
    const int queued =
        PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size()));
    if (queued < 0) return lost("the connection broke while rows were sent");
    if (auto sent = flush(call); !sent) return sent;
    if (queued > 0) bytes.remove_prefix(piece.size());
  }
  answered(call);
  return base::Unit{};
}

PgResult<PgTable> PostgresConnection::copy_end() {
  Call call = begin_call(copy_ + " end");
  while (true) {
    const int queued = PQputCopyEnd(connection_.get(), nullptr);
    if (queued < 0) return lost("the connection broke while rows were sent");
    if (auto sent = flush(call); !sent) return sent.error();
    if (queued > 0) return finish_answer(call);
  }
}

PgStatus PostgresConnection::copy_abandon() {
  Call call = begin_call(copy_ + " abandoned");
  if (PQputCopyEnd(connection_.get(), "given up") < 0) return lost("the connection broke");
  if (auto sent = flush(call); !sent) return sent;
  (void)finish_answer(call);  // The error that was asked for.
  if (is_lost()) return lost("the connection broke");
  return base::Unit{};
}

std::string pg_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

// With a backslash inside, E'' says what it means whatever the server's settings are.
std::string pg_text(std::string_view text) {
  const bool has_backslash = text.find('\\') != std::string_view::npos;
  std::string quoted = has_backslash ? "E'" : "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted += '\'';
}

}  // namespace pixel::shipper
