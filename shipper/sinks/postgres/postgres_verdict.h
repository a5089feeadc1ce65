// SPDX-License-Identifier: Apache-2.0
// What an error of PostgreSQL means for a batch. Pure. COLD.
// Source: PostgreSQL 15, appendix A (error codes); 20.x of each class named in the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shipper/sinks/sink.h"
#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper::postgres {

enum class ErrorClass : std::uint8_t {
  kRetry,     // The way, the server or its resources; also what nobody has heard of.
  kRow,       // A value that the table does not take.
  kRejected,  // Rights, schema, configuration: a person is needed.
};
ErrorClass classify(std::string_view sqlstate) noexcept;

/// The error and what to do about it, on one line.
std::string explain(const PgError& error);

/// For an error of which no single row is guilty.
Verdict judge(const PgError& error);

/// "COPY requests, line 5, column status" -> 5, in whatever language the server speaks. Nothing
/// where the context names no line of this table.
std::optional<std::uint64_t> line_of(const PgError& error, std::string_view table);

}  // namespace pixel::shipper::postgres
