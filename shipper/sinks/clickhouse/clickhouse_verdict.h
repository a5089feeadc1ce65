// SPDX-License-Identifier: Apache-2.0
// A server's response -> what became of a request. Pure.
// Source: ClickHouse documentation, HTTP interface; codes: its ErrorCodes list.
#pragma once

#include <cstdint>
#include <string>

#include "shipper/sinks/sink.h"
#include "shipper/transport/http_client.h"

namespace pixel::shipper {

struct ClickhouseOutcome {
  enum class Kind : std::uint8_t {
    kDone,
    kRetry,     // Nothing of it is known to be there.
    kTooLarge,  // Fewer rows at once may be taken.
    kBadRow,    // A value of some row does not fit its column.
    kRejected,  // A fault of configuration or schema.
  };
  Kind kind = Kind::kDone;
  std::string reason;
  std::uint64_t retry_after_ns = 0;
  bool is_overload = false;  // kRetry: fewer inserts at once may be taken.
};

/// The number of the exception that a response tells of, by header or in its text; 0: of none. Also
/// a response of status 200 may end with one.
int exception_code(const HttpResponse& response);

ClickhouseOutcome clickhouse_outcome(const HttpResponse& response, std::int64_t now_s);

}  // namespace pixel::shipper
