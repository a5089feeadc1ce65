// SPDX-License-Identifier: Apache-2.0
// What must be known of foreign files after a restart: which contents there are, and which part of
// which content is which segment. Kept as records, one line each, in the registry. COLD.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "shipper/tail/foreign/content.h"
#include "shipper/tail/foreign/content_hash.h"
#include "shipper/tail/foreign/file_facts.h"

namespace pixel::shipper {

/// A file as it was when it was last read.
struct KnownFile {
  FileFacts facts;
  bool gzip = false;
  std::string path;
  bool operator==(const KnownFile&) const = default;
};

/// One content: what a file held from its begin on, whatever its name, inode or compression became
/// since. It only grows.
struct Incarnation {
  std::uint64_t key = 0;  // Survey::key.
  ContentMark mark;       // As far as it was published.
  ContentHead head;
  KnownFile file;            // Where it was read last.
  bool rotated = false;      // Its file was renamed, or copied, or is gone.
  std::int64_t seen_at = 0;  // Unix seconds: when it last changed.
  bool operator==(const Incarnation&) const = default;
};

/// A segment: bytes of one content.
struct PieceId {
  std::uint16_t worker = 0;  // Of the lane: 0 for whole files, above for files that grow.
  std::uint32_t index = 0;
  auto operator<=>(const PieceId&) const = default;
};
struct Piece {
  std::uint32_t incarnation = 0;
  std::uint64_t from = 0;
  std::uint64_t from_lines = 0;
  bool is_sealed = false;
  std::uint64_t to = 0;       // Once sealed, and
  std::uint64_t lines = 0;    // of the piece, and
  bool adds_newline = false;  // its last line has none in the file.
  bool operator==(const Piece&) const = default;
};

/// Of pieces that every sink has, and whose files are gone.
struct RetiredPieces {
  std::uint32_t next_index = 0;
  std::uint64_t lines = 0;
  bool operator==(const RetiredPieces&) const = default;
};

struct SourceBooks {
  std::uint16_t node = 0;  // Of the source's lanes.
  std::uint32_t next_incarnation = 0;
  std::map<std::uint32_t, Incarnation> incarnations;
  std::map<PieceId, Piece> pieces;
  std::map<std::uint16_t, RetiredPieces> retired;                 // By worker.
  std::map<FileKey, std::pair<std::uint32_t, KnownFile>> copies;  // Of an incarnation.
  bool operator==(const SourceBooks&) const = default;
};
using ForeignBooks = std::map<std::string, SourceBooks>;  // By the source's name.

/// Records are whole new states of one thing. No newline in them.
std::string source_record(const std::string& name, std::uint16_t node);
std::string incarnation_record(std::uint16_t node, std::uint32_t number, const Incarnation& state);
std::string piece_record(std::uint16_t node, const PieceId& id, const Piece& piece);
std::string copy_record(std::uint16_t node, std::uint32_t incarnation, const KnownFile& file);
/// Takes the pieces before next_index out of the books.
std::string retired_record(std::uint16_t node, std::uint16_t worker, const RetiredPieces& retired);
/// Takes an incarnation and its copies out of the books.
std::string forget_record(std::uint16_t node, std::uint32_t number);
std::string forget_copy_record(std::uint16_t node, const FileKey& key);

base::Status apply_record(ForeignBooks& books, std::string_view record);
/// Records that make these books.
std::vector<std::string> all_records(const ForeignBooks& books);

}  // namespace pixel::shipper
