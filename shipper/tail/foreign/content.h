// SPDX-License-Identifier: Apache-2.0
// Reads the content of a foreign file, compressed or not, and says what identifies it. Neither the
// name nor the first line counts: all files of a CloudFront bucket begin with the same two. COLD.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "shipper/tail/foreign/content_hash.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

using SharedFd = std::shared_ptr<const base::UniqueFd>;

/// True when the file begins as RFC 1952 says; names are not asked.
bool is_gzip(int fd);

/// The plain text of a file. It keeps the descriptor.
std::unique_ptr<SegmentReader> open_content(SharedFd fd, bool gzip, const std::string& path);

/// The begin of a content: comment lines and up to 4 KiB behind them, as far as it goes.
struct ContentHead {
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;  // XXH3-64.
  bool operator==(const ContentHead&) const = default;
};
/// True when the content still begins so.
bool has_head(SegmentReader& content, const ContentHead& head);
/// The head of a content that began with `known` and has grown to `length` bytes; nothing where it
/// no longer begins so, or is shorter: it was truncated, or is another one.
std::optional<ContentHead> grown_head(SegmentReader& content, const ContentHead& known,
                                      std::uint64_t length);

/// What one reading of a content found.
struct Survey {
  bool is_whole = true;       // False: compressed, and damaged or cut off.
  std::string damage;         // Why it is not whole.
  ContentMark mark;           // Up to the last newline, or to the end where that was asked for.
  ContentHead head;           // Of the bytes that were read, whatever the file became since.
  bool ends_in_line = false;  // mark.length lies within a line without newline.
  ContentHash hash;           // At mark.length.
  /// XXH3-64 of the first line that is neither comment nor empty (its first 4 KiB); nothing where
  /// there is no whole one yet.
  std::optional<std::uint64_t> key;
  std::map<std::uint64_t, std::string> digests;  // At the lengths asked for.
};

struct SurveyRequest {
  bool to_end = false;  // A last line without newline belongs to it.
  std::uint64_t bytes_max = UINT64_MAX;
  /// Lengths of contents that begin with the same line: is this one of them?
  std::function<std::vector<std::uint64_t>(std::uint64_t key)> lengths;
};
base::Result<Survey> survey(SegmentReader& content, const SurveyRequest& request);

/// Reads on from a mark: what a grown content now holds. The error "" means that it is not the
/// content of the mark.
struct Growth {
  ContentMark mark;
  bool ends_in_line = false;
};
base::Result<Growth> read_growth(SegmentReader& content, const ContentMark& from,
                                 std::optional<ContentHash>& hash, bool to_end);

}  // namespace pixel::shipper
