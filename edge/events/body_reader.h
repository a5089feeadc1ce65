// SPDX-License-Identifier: Apache-2.0
// From the body of a request to the records in it: inflated, checked, split, each on one line. HOT
// by thread: one worker's; all memory is taken at construction (simdjson, igzip). Bad input is a
// record of its own with a reason, never an exception.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace pixel::edge {

/// How a route takes its bodies.
enum class BodyMode : std::uint8_t {
  kWhole,   // One record: as JSON where it is JSON, else as text, else as base64.
  kObject,  // One JSON object.
  kBatch,  // A JSON array, or an object with one member that is an array (by key, or the only one).
};

/// No record may be larger, whatever a route says: its line, with all escapes, still is a line
/// (logfmt's kLineBytesMax).
inline constexpr std::uint32_t kRecordBytesMax = 96 * 1024;

struct BodyLimits {
  std::uint32_t records_max = 500;             // Per batch; a batch of more is refused whole.
  std::uint32_t record_bytes_max = 32 * 1024;  // Of one record, as sent; up to kRecordBytesMax.
  std::uint32_t body_bytes_max = 1024 * 1024;  // After inflating.
};

/// Why a record, or a whole body, is not accepted. Values are stable: they name metrics, answers
/// and the events lane's "reason".
enum class RecordFault : std::uint8_t {
  kNone,
  kNotJson,         // "invalid_json"
  kNotObject,       // "not_an_object"
  kNotBatch,        // "not_a_batch": neither an array nor an object that holds one
  kTooManyRecords,  // "too_many_records"
  kTooLarge,        // "record_too_large"
  kBodyTooLarge,    // "body_too_large", after inflating
  kBadEncoding,     // "bad_content_encoding": not gzip, deflate or identity, or broken
  kBadBase64,       // "invalid_base64" (data= of a pixel)
  kEmpty,           // "empty"
};
inline constexpr std::size_t kRecordFaultCount = 10;
std::string_view fault_code(RecordFault fault) noexcept;     // "record_too_large"
std::string_view fault_message(RecordFault fault) noexcept;  // A sentence for the sender.

/// The form of Record::text.
enum class RecordForm : std::uint8_t {
  kJson,    // JSON on one line, checked: goes into the envelope as it is.
  kText,    // Valid UTF-8: goes in as a JSON string.
  kBinary,  // Anything: goes in as base64.
};

struct Record {
  RecordFault fault = RecordFault::kNone;
  RecordForm form = RecordForm::kJson;
  std::string_view text;  // Of a faulty one what came, cut at record_bytes_max, as text or binary.
};

struct ReadBody {
  /// Of the whole body: `records` then has one, the body, with the same fault. A batch whose
  /// records alone are at fault has none here.
  RecordFault fault = RecordFault::kNone;
  /// In order. Views live until the next read, and no longer than the body, encoding and query they
  /// were read from.
  std::span<const Record> records;
};

class BodyReader {
 public:
  /// COLD. `limits` are the largest of any route.
  explicit BodyReader(const BodyLimits& limits);
  ~BodyReader();

  /// `batch_key` names the member that holds the array ("batch", "data"), as it is written; empty:
  /// the only member that is an array. An array itself is a batch in any case; one of no records is
  /// no fault. Without a body kWhole has no record and no fault; the other modes say kEmpty.
  ReadBody read(BodyMode mode, const BodyLimits& limits, std::string_view batch_key,
                std::string_view content_encoding, std::string_view body) noexcept;
  /// The `data` parameter of a query, percent- and base64- or base64url-encoded JSON (Segment's
  /// pixel): one record. Absent: no record.
  ReadBody read_data_parameter(std::string_view query, const BodyLimits& limits) noexcept;

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

}  // namespace pixel::edge
