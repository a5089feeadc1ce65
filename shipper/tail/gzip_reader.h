// SPDX-License-Identifier: Apache-2.0
// A .log.gz as if it were plain: positions are those of the uncompressed bytes. Reading forward is
// a stream; reading backward starts over. One thread. Source: RFC 1952 (several members are one
// text).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

class GzipReader : public SegmentReader {
 public:
  GzipReader(base::UniqueFd fd, std::filesystem::path path);
  ~GzipReader() override;

  /// An error where the file is damaged or cut off; what lies before the damage was returned.
  base::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override;

 private:
  struct Inflate;
  void restart();
  base::Result<std::size_t> inflate_some(std::span<char> buffer);
  base::Status refill();

  base::UniqueFd fd_;
  std::filesystem::path path_;
  std::unique_ptr<Inflate> inflate_;
  std::vector<char> input_;
  std::uint64_t file_position_ = 0;
  std::uint64_t position_ = 0;  // Of the next plain byte.
  bool in_member_ = false;
};

}  // namespace pixel::shipper
