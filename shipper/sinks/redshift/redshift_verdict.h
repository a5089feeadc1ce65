// SPDX-License-Identifier: Apache-2.0
// What an error of Redshift or of the object store means for a batch. Pure. COLD.
// Source: Amazon Redshift Database Developer Guide, "Load error reference", "Troubleshooting data
// loads"; most of its own errors have SQLSTATE XX000 and are told apart by their words.
#pragma once

#include <cstdint>
#include <string>

#include "shipper/sinks/sink.h"
#include "shipper/transport/postgres_connection.h"
#include "shipper/transport/s3_protocol.h"

namespace pixel::shipper::redshift {

enum class ErrorClass : std::uint8_t {
  kRetry,
  kLoad,      // Rows that COPY did not take: stl_load_errors says which.
  kRejected,  // Rights, schema, configuration: a person is needed.
};
ErrorClass classify(const PgError& error);

/// The error and what to do about it, on one line.
std::string explain(const PgError& error);

Verdict judge(const PgError& error);
Verdict judge(const StoreError& error);

}  // namespace pixel::shipper::redshift
