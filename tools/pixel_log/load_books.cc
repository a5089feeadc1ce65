// SPDX-License-Identifier: Apache-2.0
// COLD: see load_books.h.
#include "tools/pixel_log/load_books.h"

#include <fmt/format.h>

#include "base/file.h"

namespace pixel::logs {
namespace {

void read_manifest(const std::filesystem::path& path, SegmentBooks& books,
                   std::vector<Defect>& defects) {
  const auto fail = [&](const std::string& cause) {
    defects.push_back({DefectKind::kUnreadable, to_text(books.segment), cause, 0});
  };
  const auto bytes = base::read_file(path);
  if (!bytes) return fail(bytes.error().message);
  auto manifest = logfmt::parse_manifest(*bytes);
  if (!manifest) return fail(path.string() + ": " + manifest.error().message);
  if (manifest->segment != books.segment) {
    return fail(fmt::format("{} speaks of segment {}", path.string(), to_text(manifest->segment)));
  }
  books.manifest = std::move(*manifest);
}

}  // namespace

SegmentBooks load_books(const logfmt::SegmentId& segment, const SegmentFiles& files,
                        const logfmt::RequestIdCipher* cipher, std::vector<Defect>& defects,
                        const BooksVisitor& visitor) {
  SegmentBooks books;
  books.segment = segment;
  if (files.manifest) read_manifest(*files.manifest, books, defects);
  if (!files.data) {
    if (books.manifest) take_manifest(books, defects);
    return books;
  }
  auto text = read_text(*files.data, files.active);
  if (!text) {
    defects.push_back({DefectKind::kUnreadable, to_text(segment), text.error().message, 0});
    if (books.manifest) take_manifest(books, defects);
    return books;
  }
  std::string whole = *text;
  if (const std::size_t torn = cut_torn_tail(whole); torn > 0) {
    defects.push_back({DefectKind::kTorn, to_text(segment),
                       fmt::format("its last line has no newline ({} bytes)", torn), 1});
  }
  if (visitor.text) visitor.text(whole);
  count_lines(whole, cipher, books, defects, visitor.line);
  if (books.manifest && !files.active) {
    books.bytes = text->size();
    compare_with_manifest(*text, books, defects);
  }
  return books;
}

}  // namespace pixel::logs
