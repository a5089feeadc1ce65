// SPDX-License-Identifier: Apache-2.0
// COLD: see verify.h.
#include "tools/pixel_log/verify.h"

#include "base/file.h"
#include "tools/pixel_log/load_books.h"

namespace pixel::logs {

VerifyResult verify_segments(const SpoolView& view, const logfmt::RequestIdCipher* cipher) {
  VerifyResult result;
  for (const auto& [segment, files] : view.segments) {
    if (!files.manifest && !files.active) {
      result.defects.push_back(
          {DefectKind::kUnreadable, to_text(segment), "a sealed segment without manifest", 0});
    }
    const SegmentBooks books = load_books(segment, files, cipher, result.defects);
    if (!books.has_data) {
      ++result.without_data;
      continue;
    }
    ++result.segments;
    result.lines += books.lines;
    result.bytes += books.bytes;
  }
  return result;
}

}  // namespace pixel::logs
