// SPDX-License-Identifier: Apache-2.0
// See dead_letter.h. COLD.
#include "shipper/deliver/dead_letter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pixel::shipper {
namespace {

void append_escaped(std::string& json, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte >= 0x20 && byte < 0x7F) {
      json += c;
    } else {
      json += fmt::format("\\u{:04x}", byte);
    }
  }
}

// Takes what it expects from the front of a letter; once something else was there, nothing more.
class LetterReader {
 public:
  explicit LetterReader(std::string_view text) : rest_(text) {}
  bool is_fine() const { return fine_; }
  bool is_at_end() const { return fine_ && rest_.empty(); }
  bool starts_with(std::string_view text) const { return rest_.starts_with(text); }

  void expect(std::string_view text) {
    fine_ = fine_ && rest_.starts_with(text);
    if (fine_) rest_.remove_prefix(text.size());
  }

  std::string_view take(std::size_t bytes) {
    fine_ = fine_ && rest_.size() >= bytes;
    if (!fine_) return {};
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  std::uint64_t take_number(int base, std::size_t digits_max) {
    std::uint64_t number = 0;
    const char* const end = rest_.data() + std::min(rest_.size(), digits_max);
    const auto [stop, error] = std::from_chars(rest_.data(), end, number, base);
    fine_ = fine_ && error == std::errc();
    if (fine_) rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()));
    return number;
  }

  // Up to and with the closing quote.
  std::string take_text() {
    std::string text;
    while (fine_) {
      const std::string_view c = take(1);
      if (!fine_ || c == "\"") break;
      if (c != "\\") {
        text += c;
      } else if (const std::string_view escape = take(1); escape == "u") {
        expect("00");
        const std::size_t left = rest_.size();
        text += static_cast<char>(take_number(16, 2));
        fine_ = fine_ && left - rest_.size() == 2;
      } else {
        fine_ = fine_ && (escape == "\"" || escape == "\\");
        text += escape;
      }
    }
    return text;
  }

 private:
  std::string_view rest_;
  bool fine_ = true;
};

constexpr std::string_view kTableKey = "\"table\":\"";

}  // namespace

std::string to_json_line(const DeadLetter& letter) {
  std::string json =
      fmt::format("{{\"segment\":\"{}\",\"offset\":{},", to_text(letter.segment), letter.offset);
  if (!letter.table.empty()) {
    json += kTableKey;
    append_escaped(json, letter.table);
    json += "\",";
  }
  json += "\"reason\":\"";
  append_escaped(json, letter.reason);
  json += "\",\"line\":\"";
  append_escaped(json, letter.line);
  json += "\"}\n";
  return json;
}

base::Result<DeadLetter> parse_dead_letter(std::string_view json_line) {
  if (json_line.ends_with('\n')) json_line.remove_suffix(1);
  LetterReader reader(json_line);
  DeadLetter letter;
  reader.expect("{\"segment\":\"");
  const auto segment = logfmt::parse_segment(reader.take(logfmt::kSegmentTextBytes));
  reader.expect("\",\"offset\":");
  letter.offset = reader.take_number(10, 20);
  reader.expect(",");
  if (reader.starts_with(kTableKey)) {
    reader.expect(kTableKey);
    letter.table = reader.take_text();
    reader.expect(",");
  }
  reader.expect("\"reason\":\"");
  letter.reason = reader.take_text();
  reader.expect(",\"line\":\"");
  letter.line = reader.take_text();
  reader.expect("}");
  if (!segment || !reader.is_at_end()) {
    return base::Error{"not a dead letter of pixel-shipper, or one that was changed"};
  }
  letter.segment = *segment;
  return letter;
}

base::Status DeadLetterFile::open(std::uint64_t bytes) {
  file_.reset();
  const auto directory = path_.parent_path();
  if (auto status = files_.create_directories(directory); !status) return status;
  auto file = files_.open(path_, FileSystem::Mode::kKeep);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  bytes_ = std::min(bytes, *size);
  if (*size > bytes_) {
    if (auto status = (*file)->truncate(bytes_); !status) return status;
  }
  if (auto status = files_.sync_directory(directory); !status) return status;
  file_ = std::move(file).value();
  return base::ok_status();
}

base::Result<std::uint64_t> DeadLetterFile::append(std::span<const DeadLetter> letters) {
  if (letters.empty()) return bytes_;
  if (file_ == nullptr) {
    if (auto status = open(bytes_); !status) return status.error();
  }
  std::string text;
  for (const DeadLetter& letter : letters) text += to_json_line(letter);
  // An earlier attempt may have left a longer part. What it wrote is written again, not only synced
  // again: a failed sync may have dropped it.
  if (auto status = file_->truncate(bytes_); !status) return status.error();
  if (auto status = file_->write_at(bytes_, text); !status) return status.error();
  if (auto status = file_->sync(); !status) return status.error();
  bytes_ += text.size();
  return bytes_;
}

}  // namespace pixel::shipper
