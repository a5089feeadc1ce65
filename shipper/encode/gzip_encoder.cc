// SPDX-License-Identifier: Apache-2.0
// See gzip_encoder.h. What ISA-L writes depends on how its input and output are cut, so both are
// always cut alike: the text at every kWindowBytes, the output in steps.
#include "shipper/encode/gzip_encoder.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstring>

namespace pixel::shipper {
namespace {

constexpr std::size_t kWindowBytes = 256 * 1024;  // 64 KiB cost 5 %, a megabyte gains nothing.
constexpr std::size_t kOutputStepBytes = 256 * 1024;

/// Cuts pieces into windows. Only one that lies in several of them is copied.
class Windows {
 public:
  explicit Windows(std::span<const std::string_view> pieces) : pieces_(pieces) { skip_empty(); }
  bool is_over() const noexcept { return pieces_.empty(); }

  std::string_view next(std::unique_ptr<char[]>& memory) {
    if (rest().size() >= kWindowBytes || pieces_.size() == 1) return take(kWindowBytes);
    if (memory == nullptr) memory.reset(new char[kWindowBytes]);
    std::size_t bytes = 0;
    while (bytes < kWindowBytes && !is_over()) {
      const std::string_view part = take(kWindowBytes - bytes);
      std::memcpy(memory.get() + bytes, part.data(), part.size());
      bytes += part.size();
    }
    return {memory.get(), bytes};
  }

 private:
  std::string_view rest() const { return pieces_.front().substr(taken_); }
  std::string_view take(std::size_t bytes_max) {
    const std::string_view part = rest().substr(0, bytes_max);
    taken_ += part.size();
    skip_empty();
    return part;
  }
  void skip_empty() {
    while (!pieces_.empty() && taken_ == pieces_.front().size()) {
      pieces_ = pieces_.subspan(1);
      taken_ = 0;
    }
  }

  std::span<const std::string_view> pieces_;
  std::size_t taken_ = 0;  // Of the first.
};

}  // namespace

GzipEncoder::GzipEncoder()
    : stream_(std::make_unique<isal_zstream>()),
      level_buffer_(new std::uint8_t[ISAL_DEF_LVL1_DEFAULT]),
      out_(kOutputStepBytes) {}

GzipEncoder::~GzipEncoder() = default;
GzipEncoder::GzipEncoder(GzipEncoder&&) noexcept = default;
GzipEncoder& GzipEncoder::operator=(GzipEncoder&&) noexcept = default;

base::Result<std::string_view> GzipEncoder::encode(std::span<const std::string_view> pieces) {
  isal_deflate_init(stream_.get());
  stream_->level = 1;
  stream_->level_buf = level_buffer_.get();
  stream_->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
  stream_->gzip_flag = IGZIP_GZIP;
  stream_->flush = NO_FLUSH;
  end_ = out_.begin();
  Windows windows(pieces);
  bool is_last = false;
  while (!is_last) {
    const std::string_view window = windows.is_over() ? "" : windows.next(window_);
    is_last = windows.is_over();
    if (!give(window, is_last)) return base::Error{"gzip: compression failed"};
  }
  return out_.until(end_);
}

bool GzipEncoder::give(std::string_view window, bool is_last) {
  // ISA-L takes input by a pointer to non-const and does not write to it.
  stream_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(window.data()));
  stream_->avail_in = static_cast<std::uint32_t>(window.size());
  stream_->end_of_stream = is_last ? 1 : 0;
  do {
    end_ = out_.make_room(end_, kOutputStepBytes);
    stream_->next_out = reinterpret_cast<std::uint8_t*>(end_);
    stream_->avail_out = kOutputStepBytes;
    if (isal_deflate(stream_.get()) != COMP_OK) return false;
    end_ += kOutputStepBytes - stream_->avail_out;
  } while (stream_->avail_out == 0 || (is_last && stream_->internal_state.state != ZSTATE_END));
  return true;
}

}  // namespace pixel::shipper
