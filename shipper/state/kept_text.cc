// SPDX-License-Identifier: Apache-2.0
// See kept_text.h.
#include "shipper/state/kept_text.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kNumberDigits = 16;
// "<sequence> <xxh3-64>\n"
constexpr std::size_t kTrailerBytes = 2 * kNumberDigits + 2;

// REQUIRES: hexadecimal digits, as fmt writes them.
std::uint64_t parse_number(std::string_view digits) {
  std::uint64_t number = 0;
  for (const char c : digits) {
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    number = number << 4 | static_cast<std::uint64_t>(digit & 15);
  }
  return number;
}

}  // namespace

std::string to_kept_text(std::string_view text, std::uint64_t sequence) {
  CHECK(text.ends_with('\n'));
  std::string content = fmt::format("{}{:016x}", text, sequence);
  content += fmt::format(" {:016x}\n", base::hash64(content));
  return content;
}

base::Result<SequencedText> parse_kept_text(std::string_view content) {
  if (content.size() < kTrailerBytes + 1) return base::Error{"cut off"};
  const std::size_t trailer = content.size() - kTrailerBytes;
  const std::string_view hashed = content.substr(0, trailer + kNumberDigits);
  if (content.substr(trailer + kNumberDigits) != fmt::format(" {:016x}\n", base::hash64(hashed))) {
    return base::Error{"checksum does not match"};
  }
  return SequencedText{std::string(content.substr(0, trailer)),
                       parse_number(content.substr(trailer, kNumberDigits))};
}

std::filesystem::path KeptText::file(std::uint64_t sequence) const {
  return directory_ / fmt::format("{}.{}", stem_, sequence % 2);
}

base::Result<std::optional<std::string>> KeptText::load(const Check& check) {
  std::optional<SequencedText> best;
  damage_.clear();
  for (std::uint64_t slot = 0; slot < 2; ++slot) {
    const auto content = files_.read(file(slot));
    if (!content) return content.error();
    if (!content->has_value()) continue;
    auto parsed = parse_kept_text(**content);
    const base::Status status = parsed ? check(parsed->text) : base::Status(parsed.error());
    if (!status) {
      damage_ += fmt::format("{}: {}; ", file(slot).string(), status.error().message);
    } else if (!best || parsed->sequence > best->sequence) {
      best = std::move(parsed).value();
    }
  }
  if (!best && !damage_.empty()) return base::Error{damage_ + "none is whole"};
  if (!best) return std::optional<std::string>();
  // A killed save may have renamed only; what is told from now on must outlive a power loss.
  if (auto status = files_.sync_directory(directory_); !status) return status.error();
  next_sequence_ = best->sequence + 1;
  return std::optional(std::move(best->text));
}

base::Result<std::optional<std::string>> KeptText::load_or_plain(const Check& check) {
  auto kept = load(check);
  if (!kept || kept->has_value()) return kept;
  const auto path = directory_ / (stem_ + ".json");
  auto plain = files_.read(path);
  if (!plain || !plain->has_value()) return plain;
  if (auto status = check(**plain); !status) {
    return base::Error{path.string() + ": " + status.error().message};
  }
  return plain;
}

base::Status KeptText::save(std::string_view text) {
  auto status = write_file_atomic(files_, file(next_sequence_), to_kept_text(text, next_sequence_));
  if (status) ++next_sequence_;
  return status;
}

base::Status KeptText::save_twice(std::string_view text) {
  if (auto status = save(text); !status) return status;
  return save(text);
}

}  // namespace pixel::shipper
