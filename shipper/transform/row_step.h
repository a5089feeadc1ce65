// SPDX-License-Identifier: Apache-2.0
// One verb of a table's transforms at work on decoded rows. Immutable, shared by threads; what
// changes is in the scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "shipper/decode/row_block.h"
#include "shipper/transform/predicate.h"

namespace pixel::shipper {

/// Memory of one table on one thread.
struct StepScratch {
  Predicate::Scratch predicate;
  std::string text;
};

class RowStep {
 public:
  virtual ~RowStep() = default;
  /// cells[input][row], by the numbers of the builder's inputs; keep[row] is cleared of rows that
  /// are not wanted. New texts go to `arena`.
  virtual void apply(std::span<Cell* const> cells, std::span<std::uint8_t> keep, TextArena& arena,
                     StepScratch& scratch) const = 0;
};

/// Rows of which the predicate is not true go.
std::unique_ptr<RowStep> make_filter(Predicate predicate);

/// Keeps a share of the rows, the same ones wherever and whenever: those whose value's XXH3-64 is
/// in the lowest `rate` of its range. NULL is a value like another.
std::unique_ptr<RowStep> make_sample(std::size_t input, ColumnType type, double rate);

/// A text, or an integer's digits, becomes 32 hexadecimal digits: the first half of its
/// HMAC-SHA-256 (RFC 2104, FIPS 180-4) under the key. NULL stays NULL.
std::unique_ptr<RowStep> make_hash(std::size_t input, ColumnType type, std::string key);

/// Keeps the network of an address and zeroes the rest; what is no address becomes NULL.
std::unique_ptr<RowStep> make_address_mask(std::size_t input, unsigned ipv4_bits,
                                           unsigned ipv6_bits);

/// Keeps the first and last characters of a text and writes '*' for each of the others.
std::unique_ptr<RowStep> make_text_mask(std::size_t input, std::size_t keep_first,
                                        std::size_t keep_last);

/// The object of a JSON column becomes one without nested objects: their keys are joined by '_',
/// and all keys are snake_case. Arrays stay as they are, and so does what is no object.
std::unique_ptr<RowStep> make_flatten(std::size_t input);

/// "sessionId" -> "session_id", "HTTPStatus" -> "http_status", "odd key" -> "odd_key".
std::string snake_case(std::string_view key);

}  // namespace pixel::shipper
