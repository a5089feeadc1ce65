// SPDX-License-Identifier: Apache-2.0
// See checkpoint_store.h. The text that is kept is two lines: the checkpoint, and the note.
#include "shipper/deliver/checkpoint_store.h"

#include <string_view>

#include "base/assert.h"

namespace pixel::shipper {
namespace {

base::Result<StoredCheckpoint> parse_stored(std::string_view text) {
  const std::size_t first_line = text.find('\n');
  if (first_line + 1 >= text.size()) return base::Error{"cut off"};
  auto checkpoint = parse_checkpoint(text.substr(0, first_line + 1));
  if (!checkpoint) return checkpoint.error();
  const std::string_view note = text.substr(first_line + 1);
  return StoredCheckpoint{std::move(checkpoint).value(),
                          std::string(note.substr(0, note.size() - 1))};
}

}  // namespace

base::Result<std::optional<StoredCheckpoint>> CheckpointStore::load() {
  const auto text = kept_.load(taken_by(parse_stored));
  if (!text) {
    return base::Error{text.error().message +
                       ": no checkpoint is left; restore one, or remove the sink's state and its "
                       "output to begin anew"};
  }
  if (!text->has_value()) return std::optional<StoredCheckpoint>();
  return std::optional(parse_stored(**text).value());
}

base::Status CheckpointStore::save(const StoredCheckpoint& stored) {
  CHECK(stored.note.find('\n') == std::string::npos);
  return kept_.save(to_text(stored.checkpoint) + stored.note + "\n");
}

}  // namespace pixel::shipper
