// SPDX-License-Identifier: Apache-2.0
// A text in two files, written in turn, each with its sequence number and XXH3-64: whatever happens
// to the newer one, the one before it is whole. Any changed byte and any cut shows. COLD; one
// thread.
//
//   <directory>/<stem>.0 and <stem>.1, each: the text, "<sequence> <hash>\n" in hexadecimal
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shipper/state/file_system.h"

namespace pixel::shipper {

class KeptText {
 public:
  /// `directory` must exist by the first save.
  KeptText(std::filesystem::path directory, std::string stem,
           FileSystem& files = real_file_system())
      : directory_(std::move(directory)), stem_(std::move(stem)), files_(files) {}

  using Check = std::function<base::Status(std::string_view)>;
  /// The newest whole text that `check` takes; nothing where none was ever saved. An error, with
  /// what is wrong with each, where files exist and none is whole: to begin anew is the operator's
  /// decision.
  base::Result<std::optional<std::string>> load(const Check& check);

  /// As load(); where none was ever saved, what <stem>.json holds, as version 0.1.0 wrote it
  /// without a checksum.
  base::Result<std::optional<std::string>> load_or_plain(const Check& check);

  /// Durable when it returns. REQUIRES: load() succeeded before; text ends with a newline.
  base::Status save(std::string_view text);
  /// The same into both files: the damage of one takes nothing away.
  base::Status save_twice(std::string_view text);

  /// After load(): why the newer file was not used; "" when nothing was wrong.
  const std::string& damage() const noexcept { return damage_; }

 private:
  std::filesystem::path file(std::uint64_t sequence) const;
  const std::filesystem::path directory_;
  const std::string stem_;
  FileSystem& files_;
  std::uint64_t next_sequence_ = 0;
  std::string damage_;
};

/// The check that takes what `parse`, a text's way to a base::Result, takes.
template <class Parse>
KeptText::Check taken_by(Parse parse) {
  return [parse](std::string_view text) {
    const auto parsed = parse(text);
    return parsed ? base::ok_status() : base::Status(parsed.error());
  };
}

/// The content of one file; parse refuses any changed byte and any cut.
std::string to_kept_text(std::string_view text, std::uint64_t sequence);
struct SequencedText {
  std::string text;
  std::uint64_t sequence = 0;
};
base::Result<SequencedText> parse_kept_text(std::string_view content);

}  // namespace pixel::shipper
