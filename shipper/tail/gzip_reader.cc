// SPDX-License-Identifier: Apache-2.0
// See gzip_reader.h. COLD.
#include "shipper/tail/gzip_reader.h"

#include <isa-l/igzip_lib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"

namespace pixel::shipper {
namespace {
constexpr std::size_t kInputBytes = 256 * 1024;
}

struct GzipReader::Inflate {
  inflate_state state;
};

GzipReader::GzipReader(base::UniqueFd fd, std::filesystem::path path)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      inflate_(std::make_unique<Inflate>()),
      input_(kInputBytes) {
  restart();
}

GzipReader::~GzipReader() = default;

void GzipReader::restart() {
  isal_inflate_init(&inflate_->state);
  inflate_->state.crc_flag = ISAL_GZIP;
  inflate_->state.avail_in = 0;
  file_position_ = 0;
  position_ = 0;
  in_member_ = false;
}

base::Status GzipReader::refill() {
  ssize_t got = 0;
  do {
    got = ::pread(fd_.get(), input_.data(), input_.size(), static_cast<off_t>(file_position_));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return base::errno_error("read", path_, errno);
  file_position_ += static_cast<std::uint64_t>(got);
  inflate_->state.next_in = reinterpret_cast<std::uint8_t*>(input_.data());
  inflate_->state.avail_in = static_cast<std::uint32_t>(got);
  return base::ok_status();
}

// At least one byte unless the end is reached.
base::Result<std::size_t> GzipReader::inflate_some(std::span<char> buffer) {
  inflate_state& state = inflate_->state;
  state.next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
  state.avail_out = static_cast<std::uint32_t>(buffer.size());
  while (state.avail_out == buffer.size()) {
    if (state.avail_in == 0) {
      if (const auto status = refill(); !status) return status.error();
    }
    if (state.avail_in == 0) {
      if (in_member_) return base::Error{"cut off: " + path_.string()};
      return std::size_t{0};
    }
    if (!in_member_) {
      isal_inflate_reset(&state);
      state.crc_flag = ISAL_GZIP;
      in_member_ = true;
    }
    if (isal_inflate(&state) != ISAL_DECOMP_OK) {
      return base::Error{"not valid gzip: " + path_.string()};
    }
    if (state.block_state == ISAL_BLOCK_FINISH) in_member_ = false;
  }
  return buffer.size() - state.avail_out;
}

base::Result<std::size_t> GzipReader::read_at(std::uint64_t offset, std::span<char> buffer) {
  if (buffer.empty()) return std::size_t{0};
  if (offset < position_) restart();
  while (position_ < offset) {
    const std::uint64_t skip = std::min<std::uint64_t>(offset - position_, buffer.size());
    const auto got = inflate_some(buffer.first(static_cast<std::size_t>(skip)));
    if (!got || *got == 0) return got;
    position_ += *got;
  }
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto got = inflate_some(buffer.subspan(filled));
    // Damage after good bytes: these first, the error at the next call.
    if (!got && filled == 0) return got;
    if (!got || *got == 0) break;
    filled += *got;
    position_ += *got;
  }
  return filled;
}

}  // namespace pixel::shipper
