// SPDX-License-Identifier: Apache-2.0
// A segment that is a part of a foreign file. What it hands out is verified after it was read: a
// file that was truncated, overwritten or replaced meanwhile gives an error, never other bytes.
//
// Writers and readers: the sources' thread sets the extent, any thread reads it and opens readers.
// Invariants:
//  1. An extent is published only after the registry has it; it never shrinks.
//  2. A sealed piece's extent is final, with the newline that it may add.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "shipper/tail/foreign/books.h"
#include "shipper/tail/foreign/content.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

/// Where a piece's bytes lie now. Without a path and a descriptor: nowhere, for the time being.
struct PiecePlace {
  KnownFile file;
  ContentHead head;
  SharedFd fd;  // Held open: the bytes outlive the name. May be null.
};

class ForeignPiece : public SegmentOrigin, public std::enable_shared_from_this<ForeignPiece> {
 public:
  /// REQUIRES: made as a shared_ptr. `from`: its first byte in the content.
  explicit ForeignPiece(std::uint64_t from) : from_(from) {}

  base::Result<std::unique_ptr<SegmentReader>> open() const override;
  SegmentExtent extent() const override;
  /// The extent, and how much of it are the file's own bytes.
  std::pair<SegmentExtent, std::uint64_t> extent_in_file() const;
  std::uint64_t from() const noexcept { return from_; }

  /// `adds_newline`: the last byte of the extent is a newline that the file lacks.
  void publish(const SegmentExtent& extent, bool adds_newline);
  void set_place(PiecePlace place);

 private:
  const std::uint64_t from_;
  mutable std::mutex mutex_;  // Guards all below.
  PiecePlace place_;
  SegmentExtent extent_;
  bool adds_newline_ = false;
};

}  // namespace pixel::shipper
