// SPDX-License-Identifier: Apache-2.0
// See body_reader.h. The constructor is COLD and takes all memory; the rest is HOT by thread.
//
// The body is inflated or copied into text_ (with the room behind it that simdjson reads), checked
// there, and cut into records. Records of a body with line breaks are put on one line in lines_.
#include "edge/events/body_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/assert.h"
#include "edge/events/base64.h"
#include "edge/events/inflate.h"
#include "edge/events/json_check.h"
#include "edge/events/json_walk.h"
#include "edge/events/query_data.h"

namespace pixel::edge {
namespace {

// A request line is shorter: room for its data parameter also where bodies are small.
constexpr std::size_t kTextBytesMin = 64 * 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool has_line_break(std::string_view text) noexcept {
  return text.find('\n') != std::string_view::npos || text.find('\r') != std::string_view::npos;
}

bool is_text(std::string_view bytes) noexcept {
  return bytes.find('\0') == std::string_view::npos &&
         simdjson::validate_utf8(bytes.data(), bytes.size());
}

// At most `bytes_max`, not in the middle of a character.
std::string_view cut_text(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  for (int i = 0; i < 3 && end > 0 && (text[end] & '\xC0') == '\x80'; ++i) --end;
  return text.substr(0, end);
}

Record faulty_record(RecordFault fault, std::string_view came, std::size_t bytes_max) noexcept {
  const std::string_view text = cut_text(came, bytes_max);
  if (is_text(text)) return {fault, RecordForm::kText, text};
  return {fault, RecordForm::kBinary, came.substr(0, std::min(came.size(), bytes_max))};
}

// The array of a batch, or nothing: the root itself, the member `key`, or the only member that is
// an array. Two of them are as good as none.
std::string_view find_array(JsonRoot root, std::string_view text, std::string_view key) noexcept {
  if (root == JsonRoot::kArray) return text;
  std::string_view found;
  if (root != JsonRoot::kObject) return found;
  JsonWalk walk(text);
  for (auto member = walk.next_member(); !member.value.empty(); member = walk.next_member()) {
    if (!member.value.starts_with('[') || (!key.empty() && member.name != key)) continue;
    if (!found.empty()) return {};
    found = member.value;
  }
  return found;
}

}  // namespace

struct BodyReader::Storage {
  explicit Storage(const BodyLimits& most)
      : limits(most),
        text_bytes_max(std::max<std::size_t>(most.body_bytes_max, kTextBytesMin)),
        text(std::make_unique<char[]>(text_bytes_max + kJsonPaddingBytes)),
        lines(std::make_unique<char[]>(text_bytes_max + kJsonPaddingBytes)),
        records(std::make_unique<Record[]>(std::max<std::size_t>(most.records_max, 1))),
        check(text_bytes_max) {}

  BodyLimits clamp(const BodyLimits& wanted) const noexcept {
    return {std::min(wanted.records_max, limits.records_max),
            std::min({wanted.record_bytes_max, limits.record_bytes_max, kRecordBytesMax}),
            std::min(wanted.body_bytes_max, limits.body_bytes_max)};
  }

  // What is at the root of text[0, bytes); the white space and mark around it are taken off.
  JsonRoot check_json(std::string_view& json) noexcept {
    if (json.starts_with(kByteOrderMark)) json.remove_prefix(kByteOrderMark.size());
    char* const begin = text.get() + (json.data() - text.get());
    const JsonRoot root = check.check(begin, json.size(), lines.get());
    json = trim_json(json);
    return root;
  }

  // The JSON of a record on one line.
  std::string_view on_one_line(std::string_view json) noexcept {
    if (!has_line_break(json)) return json;
    char* const out = lines.get() + lines_bytes;
    std::size_t bytes = 0;
    const auto error = simdjson::minify(json.data(), json.size(), out, bytes);
    DCHECK(error == simdjson::SUCCESS && bytes <= json.size());
    if (error != simdjson::SUCCESS) return {};
    lines_bytes += bytes;
    return {out, bytes};
  }

  ReadBody one(Record record) noexcept {
    records[0] = record;
    return {record.fault, {records.get(), 1}};
  }
  ReadBody refuse(RecordFault fault, std::string_view came, const BodyLimits& most) noexcept {
    return one(faulty_record(fault, came, most.record_bytes_max));
  }

  RecordFault load(std::string_view content_encoding, std::string_view& body,
                   const BodyLimits& most) noexcept;
  ReadBody read_whole(std::string_view body, const BodyLimits& most) noexcept;
  ReadBody read_object(std::string_view body, const BodyLimits& most) noexcept;
  ReadBody read_batch(std::string_view body, std::string_view key, const BodyLimits& most) noexcept;
  Record read_element(std::string_view json, const BodyLimits& most) noexcept;

  const BodyLimits limits;
  const std::size_t text_bytes_max;
  const std::unique_ptr<char[]> text;
  const std::unique_ptr<char[]> lines;
  const std::unique_ptr<Record[]> records;
  std::size_t lines_bytes = 0;
  JsonCheck check;
  Inflater inflater;
};

// Brings the body into text; `body` is there afterwards, unless it is refused as it came.
RecordFault BodyReader::Storage::load(std::string_view content_encoding, std::string_view& body,
                                      const BodyLimits& most) noexcept {
  const Coding coding = parse_coding(content_encoding);
  if (coding == Coding::kUnknown) return RecordFault::kBadEncoding;
  if (coding == Coding::kIdentity) {
    if (body.size() > most.body_bytes_max) return RecordFault::kBodyTooLarge;
    if (!body.empty()) std::memcpy(text.get(), body.data(), body.size());
    body = {text.get(), body.size()};
    return RecordFault::kNone;
  }
  if (body.empty()) return RecordFault::kNone;
  // One byte more than allowed: a body of exactly the limit ends before it.
  const auto [status, bytes] = inflater.read(coding, body, {text.get(), most.body_bytes_max + 1UL});
  if (status == Inflater::Status::kDamaged && bytes <= most.body_bytes_max) {
    return RecordFault::kBadEncoding;
  }
  body = {text.get(), std::min<std::size_t>(bytes, most.body_bytes_max)};
  return bytes > most.body_bytes_max ? RecordFault::kBodyTooLarge : RecordFault::kNone;
}

ReadBody BodyReader::Storage::read_whole(std::string_view body, const BodyLimits& most) noexcept {
  if (body.size() > most.record_bytes_max) return refuse(RecordFault::kTooLarge, body, most);
  std::string_view json = body;
  const std::string_view begin = trim_json(body.substr(body.starts_with(kByteOrderMark) ? 3 : 0));
  if (begin.starts_with('{') || begin.starts_with('[')) {
    const JsonRoot root = check_json(json);
    if (root == JsonRoot::kObject || root == JsonRoot::kArray) {
      return one({RecordFault::kNone, RecordForm::kJson, on_one_line(json)});
    }
  }
  return one({RecordFault::kNone, is_text(body) ? RecordForm::kText : RecordForm::kBinary, body});
}

ReadBody BodyReader::Storage::read_object(std::string_view body, const BodyLimits& most) noexcept {
  std::string_view json = body;
  const JsonRoot root = check_json(json);
  if (root == JsonRoot::kEmpty) return refuse(RecordFault::kEmpty, body, most);
  if (root == JsonRoot::kInvalid) return refuse(RecordFault::kNotJson, body, most);
  return one(read_element(json, most));
}

Record BodyReader::Storage::read_element(std::string_view json, const BodyLimits& most) noexcept {
  const auto fail = [&](RecordFault fault) {
    return faulty_record(fault, json, most.record_bytes_max);
  };
  if (!json.starts_with('{')) return fail(RecordFault::kNotObject);
  if (json.size() > most.record_bytes_max) return fail(RecordFault::kTooLarge);
  return {RecordFault::kNone, RecordForm::kJson, on_one_line(json)};
}

ReadBody BodyReader::Storage::read_batch(std::string_view body, std::string_view key,
                                         const BodyLimits& most) noexcept {
  std::string_view json = body;
  const JsonRoot root = check_json(json);
  if (root == JsonRoot::kEmpty) return refuse(RecordFault::kEmpty, body, most);
  if (root == JsonRoot::kInvalid) return refuse(RecordFault::kNotJson, body, most);
  const std::string_view array = find_array(root, json, key);
  if (array.empty()) return refuse(RecordFault::kNotBatch, body, most);
  std::size_t count = 0;
  JsonWalk walk(array);
  for (auto element = walk.next_element(); !element.empty(); element = walk.next_element()) {
    if (count == most.records_max) return refuse(RecordFault::kTooManyRecords, body, most);
    records[count++] = read_element(element, most);
  }
  return {RecordFault::kNone, {records.get(), count}};
}

BodyReader::BodyReader(const BodyLimits& limits) : storage_(std::make_unique<Storage>(limits)) {}
BodyReader::~BodyReader() = default;

ReadBody BodyReader::read(BodyMode mode, const BodyLimits& limits, std::string_view batch_key,
                          std::string_view content_encoding, std::string_view body) noexcept {
  Storage& storage = *storage_;
  const BodyLimits most = storage.clamp(limits);
  storage.lines_bytes = 0;
  const RecordFault fault = storage.load(content_encoding, body, most);
  if (fault != RecordFault::kNone) return storage.refuse(fault, body, most);
  if (body.empty()) {
    return mode == BodyMode::kWhole ? ReadBody{} : storage.refuse(RecordFault::kEmpty, body, most);
  }
  switch (mode) {
    case BodyMode::kObject:
      return storage.read_object(body, most);
    case BodyMode::kBatch:
      return storage.read_batch(body, batch_key, most);
    case BodyMode::kWhole:
      break;
  }
  return storage.read_whole(body, most);
}

ReadBody BodyReader::read_data_parameter(std::string_view query,
                                         const BodyLimits& limits) noexcept {
  Storage& storage = *storage_;
  const BodyLimits most = storage.clamp(limits);
  storage.lines_bytes = 0;
  const auto parameter = find_data_parameter(query);
  if (!parameter) return {};
  if (parameter->empty()) return storage.refuse(RecordFault::kEmpty, {}, most);
  if (parameter->size() > storage.text_bytes_max) {
    return storage.refuse(RecordFault::kTooLarge, *parameter, most);
  }
  const std::size_t decoded = decode_parameter(*parameter, storage.text.get());
  const auto bytes = decode_base64({storage.text.get(), decoded}, storage.text.get());
  if (!bytes) return storage.refuse(RecordFault::kBadBase64, *parameter, most);
  return storage.read_object({storage.text.get(), *bytes}, most);
}

}  // namespace pixel::edge
