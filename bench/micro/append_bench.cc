// SPDX-License-Identifier: Apache-2.0
// ns per append: encode to scratch, copy into a mapped and pretouched file, release the newline,
// release the position. The file lies in the working directory's file system.
#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"
#include "bench_line.h"

namespace pixel::logfmt {
namespace {

class MappedSegment {
 public:
  static constexpr std::size_t kBytes = 64 << 20;

  MappedSegment() {
    char path[] = "./append_bench.XXXXXX";
    const int fd = ::mkstemp(path);
    CHECK(fd >= 0);
    CHECK(::unlink(path) == 0);
    CHECK(::posix_fallocate(fd, 0, kBytes) == 0);
    void* const memory =
        ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    CHECK(memory != MAP_FAILED);
    ::close(fd);
    memory_ = static_cast<char*>(memory);
    // A write to each page now, so that no append meets a fault.
    for (std::size_t at = 0; at < kBytes; at += 4096) {
      std::atomic_ref<char>(memory_[at]).store('\0', std::memory_order_relaxed);
    }
  }
  ~MappedSegment() { ::munmap(memory_, kBytes); }
  MappedSegment(const MappedSegment&) = delete;
  MappedSegment& operator=(const MappedSegment&) = delete;

  void append(const char* line, std::size_t bytes) {
    if (position_ + bytes + 1 > kBytes) position_ = 0;
    std::memcpy(memory_ + position_, line, bytes);
    std::atomic_ref<char>(memory_[position_ + bytes]).store('\n', std::memory_order_release);
    position_ += bytes + 1;
    published_.store(position_, std::memory_order_release);
  }

 private:
  char* memory_ = nullptr;
  std::size_t position_ = 0;
  alignas(128) std::atomic<std::uint64_t> published_{0};
};

void BM_EncodeAndAppend(benchmark::State& state) {
  MappedSegment segment;
  const RequestIdCipher cipher = bench_cipher();
  RequestIds ids(cipher);
  LineInput input = bench_input();
  std::vector<char> scratch(encoded_line_bytes_max(input));
  std::int64_t bytes = 0;
  for (auto _ : state) {
    ++input.sequence.sequence;
    const std::size_t line_bytes = encode_line(input, ids, scratch.data());
    segment.append(scratch.data(), line_bytes);
    bytes += static_cast<std::int64_t>(line_bytes) + 1;
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_EncodeAndAppend);

void BM_AppendReadyLine(benchmark::State& state) {
  MappedSegment segment;
  const std::string line = bench_text(1);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    segment.append(line.data(), line.size() - 1);
    bytes += static_cast<std::int64_t>(line.size());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_AppendReadyLine);

}  // namespace
}  // namespace pixel::logfmt
