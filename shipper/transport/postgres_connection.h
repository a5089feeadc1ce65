// SPDX-License-Identifier: Apache-2.0
// libpq with owners, deadlines and typed errors: one session of a PostgreSQL server (or of one that
// speaks its protocol, as Redshift does). Blocks, but no longer than its deadline: also a server
// that is stopped in the middle of an answer gives an error. One thread at a time. COLD.
// Source: PostgreSQL 15, chapter 34 (libpq).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "shipper/transport/patience.h"
#include "shipper/transport/postgres_library.h"

namespace pixel::shipper {

struct PostgresOptions {
  std::string dsn;       // A URI or key=value words; sslmode and the like are said there.
  std::string password;  // "": what the DSN or libpq's own files say.
  std::string application_name = "pixel-shipper";
  std::uint64_t connect_timeout_ns = 10 * base::kSecondNs;  // Whole seconds, at least 2.
  std::uint64_t timeout_ns = 60 * base::kSecondNs;          // Of one statement, on both sides.
  /// Statements run once, after connecting.
  std::string prelude;
  /// Not null: connecting and statements will be tried again until they succeed, with the same
  /// effect as once, and are given up where nothing moves for so long.
  std::shared_ptr<Patience> patience;
};

/// What the server, or the way to it, said. Contains no password.
struct PgError {
  std::string sqlstate;  // Five characters; "" where the server said nothing: no session any more.
  std::string message;   // One line: severity left out, detail and hint behind it.
  std::string context;   // As the server sent it; may be of several lines.

  base::Error to_error() const {
    return {sqlstate.empty() ? message : message + " (SQLSTATE " + sqlstate + ")"};
  }
};

template <class T>
using PgResult = base::Result<T, PgError>;
using PgStatus = PgResult<base::Unit>;

/// An answer in text form; nothing stands for NULL.
struct PgTable {
  std::vector<std::string> columns;
  std::vector<Oid> types;
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::uint64_t affected = 0;  // Rows that an INSERT, UPDATE, DELETE or COPY counts.
};

class PostgresConnection {
 public:
  static PgResult<PostgresConnection> open(const PostgresOptions& options);

  /// Several statements in one round trip; the answer of the last one. The first error ends them.
  PgResult<PgTable> run(const std::string& sql);
  /// One statement: the server refuses text that holds a second one.
  PgResult<PgTable> run_single(const std::string& sql);

  /// COPY ... FROM STDIN: begin, bytes in pieces of any size, end. An error in the bytes comes with
  /// copy_end(), and the session then goes on; the transaction is aborted.
  PgStatus copy_begin(const std::string& sql);
  PgStatus copy_put(std::string_view bytes);
  PgResult<PgTable> copy_end();
  /// Ends a COPY so that nothing of it is taken.
  PgStatus copy_abandon();

  /// Of every later call.
  void set_timeout(std::uint64_t timeout_ns) noexcept { timeout_ns_ = timeout_ns; }
  /// The patience of every later call; null: the whole timeout.
  void set_patience(std::shared_ptr<Patience> patience) noexcept {
    patience_ = std::move(patience);
  }
  /// 150002 is 15.2.
  int server_version() const { return PQserverVersion(connection_.get()); }
  /// The session is known to be over.
  bool is_lost() const { return PQstatus(connection_.get()) != CONNECTION_OK; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using ResultPtr = std::unique_ptr<PGresult, Clear>;

  /// One call while it waits.
  struct Call {
    std::uint64_t id = 0;
    std::uint64_t deadline_ns = 0;
    std::uint64_t limit_ns = 0;  // Without a byte.
    std::uint64_t moved_at_ns = 0;
    std::uint64_t pause_ns = 0;     // The longest so far.
    std::uint64_t unconfirmed = 0;  // Bytes.
  };

  explicit PostgresConnection(PGconn* connection) : connection_(connection) {}
  PgError lost(std::string_view what);
  Call begin_call(std::string_view what) const;
  PgStatus wait(short events, Call& call);
  PgStatus flush(Call& call);
  PgResult<ResultPtr> next_result(Call& call);
  PgResult<PgTable> finish_answer(Call& call);
  PgError give_up(const Call& call) const;
  void answered(const Call& call) const;

  std::unique_ptr<PGconn, Finish> connection_;
  std::uint64_t timeout_ns_ = 60 * base::kSecondNs;
  std::shared_ptr<Patience> patience_;
  std::string copy_;  // The statement of the COPY under way.
};

/// False where libpq cannot read it. (Its own error text may repeat a password, so none is given.)
bool is_postgres_dsn(const std::string& dsn);
/// The user of a DSN, or "".
std::string postgres_dsn_user(const std::string& dsn);
bool has_postgres_password(const std::string& dsn);
/// host:port/database of a DSN, for operators: never a password.
std::string postgres_dsn_place(const std::string& dsn);

/// "name" and 'text' as SQL. Texts have no NUL. REQUIRES: standard_conforming_strings (the
/// default since 9.1, and Redshift's once a backslash is written as E'').
std::string pg_name(std::string_view name);
std::string pg_text(std::string_view text);

}  // namespace pixel::shipper
