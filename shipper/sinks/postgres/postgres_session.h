// SPDX-License-Identifier: Apache-2.0
// The writing session of one sink: alone under its name (an advisory lock), and moving the
// checkpoint only from the value it knows (compare and swap). COLD; the sink's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/sinks/postgres/postgres_config.h"
#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper::postgres {

/// Connects with what the settings say. `sink` names the session at the server. With `patience`,
/// the caller tries again whatever is given up.
PgResult<PostgresConnection> connect(const PostgresSettings& settings, const std::string& dsn,
                                     const std::string& sink, bool is_reader,
                                     std::shared_ptr<Patience> patience = nullptr);

class Session {
 public:
  Session(std::string sink, const PostgresSettings& settings);

  /// Connects, ends a session of ours that the server still has, and takes the lock. An error says
  /// who has it.
  base::Status open();
  bool is_open() const noexcept { return connection_.has_value(); }
  void close() { connection_.reset(); }
  /// REQUIRES: is_open().
  PostgresConnection& connection() { return *connection_; }

  /// What is stored; makes the sink's row where there is none.
  PgResult<std::string> read_checkpoint();
  /// Begins a transaction and moves the checkpoint in it: false where the stored one is not
  /// `from`. From then on no other session can move it until the transaction ends.
  PgResult<bool> begin_move(const std::string& from, const std::string& to);

 private:
  PgResult<bool> try_lock();
  std::string lock_holder();
  void end_predecessor();

  const std::string sink_;
  const PostgresSettings& settings_;
  const std::string checkpoint_table_;
  const std::int64_t lock_key_;
  std::optional<PostgresConnection> connection_;
  std::string identity_;  // "pid, start" of our last session.
};

}  // namespace pixel::shipper::postgres
