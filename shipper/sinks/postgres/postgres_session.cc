// SPDX-License-Identifier: Apache-2.0
// See postgres_session.h. The lock makes a second shipper wait outside; the compare-and-swap holds
// even where the lock does not (a pooler between us, a fail-over to a server without it).
#include "shipper/sinks/postgres/postgres_session.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "shipper/sinks/postgres/postgres_schema.h"
#include "shipper/sinks/postgres/postgres_verdict.h"

namespace pixel::shipper::postgres {
namespace {

// What a session needs to know once. The server gives up a little before we do, so that its reason
// comes through; a commit is durable when it is acknowledged, whatever the database's default says.
std::string prelude(const PostgresSettings& settings, bool is_reader) {
  const std::uint64_t timeout_ms = settings.timeout_ns / base::kMillisecondNs * 9 / 10;
  return fmt::format(
      "SET TIME ZONE 'UTC'; SET datestyle = 'ISO'; SET statement_timeout = {0}; "
      "SET lock_timeout = {1}; SET idle_in_transaction_session_timeout = {0}; "
      "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; "
      "SET tcp_keepalives_count = 3; SET search_path = {2}, public; {3}",
      timeout_ms, std::min<std::uint64_t>(timeout_ms / 2, 10'000), pg_name(settings.stage),
      is_reader ? "SET default_transaction_read_only = on"
                : "SELECT set_config('synchronous_commit', 'on', false) "
                  "WHERE current_setting('synchronous_commit') = 'off'");
}

}  // namespace

PgResult<PostgresConnection> connect(const PostgresSettings& settings, const std::string& dsn,
                                     const std::string& sink, bool is_reader,
                                     std::shared_ptr<Patience> patience) {
  PostgresOptions options;
  options.dsn = dsn;
  // The secret may have changed since the last time: it is read anew.
  auto password = settings.password.read();
  if (!password) return PgError{"", password.error().message, ""};
  options.password = std::move(password).value();
  options.application_name = "pixel-shipper " + sink + (is_reader ? " (reads)" : "");
  options.connect_timeout_ns = settings.connect_timeout_ns;
  options.timeout_ns = settings.timeout_ns;
  options.prelude = prelude(settings, is_reader);
  options.patience = std::move(patience);
  return PostgresConnection::open(options);
}

Session::Session(std::string sink, const PostgresSettings& settings)
    : sink_(std::move(sink)),
      settings_(settings),
      checkpoint_table_(qualified(settings.stage, kCheckpointTable)),
      lock_key_(static_cast<std::int64_t>(
          base::hash64("pixeledge sink " + settings.stage + " " + sink_))) {}

// Waits a moment: the session of a shipper that has just ended may still be ending, too.
PgResult<bool> Session::try_lock() {
  auto locked = connection_->run(fmt::format(
      "BEGIN; SET LOCAL lock_timeout = '1s'; SELECT pg_advisory_lock({}); COMMIT", lock_key_));
  if (locked) return true;
  if (auto undone = connection_->run("ROLLBACK"); !undone) return undone.error();
  if (locked.error().sqlstate == "55P03") return false;
  return locked.error();
}

// After a broken connection the server may go on with our old session for a while, even commit it:
// it is told to end. The lock comes when it has, and what is read afterwards is final.
void Session::end_predecessor() {
  if (identity_.empty()) return;
  (void)connection_->run(
      fmt::format("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  "WHERE pid || ' ' || backend_start = {} AND pid <> pg_backend_pid()",
                  pg_text(identity_)));
}

std::string Session::lock_holder() {
  auto holder = connection_->run(fmt::format(
      "SELECT a.application_name || ', process ' || a.pid || ' from ' || "
      "coalesce(host(a.client_addr), 'a local socket') || ', since ' || "
      "a.backend_start::timestamp(0) "
      "FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND "
      "l.granted AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = {}",
      lock_key_));
  if (!holder || holder->rows.empty()) return "a session that has just ended";
  return holder->rows[0][0].value_or("a session of another user");
}

base::Status Session::open() {
  connection_.reset();
  // What is given up is safe to repeat: our old session is ended, or its lock waited for, before
  // the checkpoint is read that says what became of it.
  auto opened = connect(settings_, settings_.dsn, sink_, false, settings_.patience);
  if (!opened) return base::Error{explain(opened.error())};
  connection_.emplace(std::move(*opened));
  end_predecessor();
  auto locked = try_lock();
  if (!locked || !*locked) {
    const std::string reason =
        locked ? fmt::format(
                     "another shipper delivers as sink {} into schema {} ({}): stop it, or "
                     "give one of them another name",
                     sink_, settings_.stage, lock_holder())
               : explain(locked.error());
    connection_.reset();
    return base::Error{reason};
  }
  auto identity = connection_->run(
      "SELECT pid || ' ' || backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()");
  if (identity && !identity->rows.empty()) identity_ = identity->rows[0][0].value_or("");
  return base::ok_status();
}

PgResult<std::string> Session::read_checkpoint() {
  // A row to compare with must be there before the first batch.
  auto made = connection_->run(
      fmt::format("INSERT INTO {} VALUES ({}, {}, now()) ON CONFLICT (sink) DO NOTHING; "
                  "SELECT checkpoint FROM {} WHERE sink = {}",
                  checkpoint_table_, pg_text(sink_), pg_text(to_text(Checkpoint{})),
                  checkpoint_table_, pg_text(sink_)));
  if (!made) return made.error();
  if (made->rows.empty()) return PgError{"XX000", "the checkpoint's row vanished", ""};
  return made->rows[0][0].value_or("");
}

PgResult<bool> Session::begin_move(const std::string& from, const std::string& to) {
  auto moved =
      connection_->run(fmt::format("BEGIN; UPDATE {} SET checkpoint = {}, updated_at = now() WHERE "
                                   "sink = {} AND checkpoint = {}",
                                   checkpoint_table_, pg_text(to), pg_text(sink_), pg_text(from)));
  if (!moved) return moved.error();
  return moved->affected == 1;
}

}  // namespace pixel::shipper::postgres
