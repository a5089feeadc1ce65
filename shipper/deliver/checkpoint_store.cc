// SPDX-License-Identifier: Apache-2.0
// See checkpoint_store.h. A file is three lines: the checkpoint, the note, sequence and checksum.
#include "shipper/deliver/checkpoint_store.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"

namespace pixel::shipper {
namespace {
constexpr std::size_t kNumberDigits = 16;
// "<sequence> <xxh3-64>\n"
constexpr std::size_t kTrailerBytes = 2 * kNumberDigits + 2;
}  // namespace

std::string to_text(const StoredCheckpoint& stored, std::uint64_t sequence) {
  CHECK(stored.note.find('\n') == std::string::npos);
  std::string text = to_text(stored.checkpoint) + stored.note;
  text += fmt::format("\n{:016x}", sequence);
  text += fmt::format(" {:016x}\n", base::hash64(text));
  return text;
}

base::Result<SequencedCheckpoint> parse_stored_checkpoint(std::string_view text) {
  const std::size_t first_line = text.find('\n');
  if (first_line == std::string_view::npos || text.size() < first_line + 2 + kTrailerBytes) {
    return base::Error{"cut off"};
  }
  const std::size_t trailer = text.size() - kTrailerBytes;
  const std::string_view hashed = text.substr(0, trailer + kNumberDigits);
  if (text.substr(trailer + kNumberDigits) != fmt::format(" {:016x}\n", base::hash64(hashed))) {
    return base::Error{"checksum does not match"};
  }
  auto checkpoint = parse_checkpoint(text.substr(0, first_line + 1));
  if (!checkpoint) return checkpoint.error();
  SequencedCheckpoint result;
  result.stored.checkpoint = std::move(checkpoint).value();
  result.stored.note = text.substr(first_line + 1, trailer - 1 - (first_line + 1));
  for (const char c : text.substr(trailer, kNumberDigits)) {
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    result.sequence = result.sequence << 4 | static_cast<std::uint64_t>(digit & 15);
  }
  return result;
}

std::filesystem::path CheckpointStore::file(std::uint64_t sequence) const {
  return directory_ / fmt::format("checkpoint.{}", sequence % 2);
}

base::Result<std::optional<StoredCheckpoint>> CheckpointStore::load() {
  std::optional<SequencedCheckpoint> best;
  damage_.clear();
  for (std::uint64_t slot = 0; slot < 2; ++slot) {
    const auto text = files_.read(file(slot));
    if (!text) return text.error();
    if (!text->has_value()) continue;
    auto parsed = parse_stored_checkpoint(**text);
    if (!parsed) {
      damage_ += fmt::format("{}: {}; ", file(slot).string(), parsed.error().message);
    } else if (!best || parsed->sequence > best->sequence) {
      best = std::move(parsed).value();
    }
  }
  if (!best && !damage_.empty()) {
    return base::Error{damage_ +
                       "no whole checkpoint is left; restore one, or remove the sink's "
                       "state and its output to begin anew"};
  }
  if (!best) return std::optional<StoredCheckpoint>();
  // A killed save may have renamed only; what is told from now on must outlive a power loss.
  if (auto status = files_.sync_directory(directory_); !status) return status.error();
  next_sequence_ = best->sequence + 1;
  return std::optional(std::move(best->stored));
}

base::Status CheckpointStore::save(const StoredCheckpoint& stored) {
  auto status = write_file_atomic(files_, file(next_sequence_), to_text(stored, next_sequence_));
  if (status) ++next_sequence_;
  return status;
}

}  // namespace pixel::shipper
