// SPDX-License-Identifier: Apache-2.0
// A copy of a text that ends where an inaccessible page begins: one byte read beyond it ends the
// test. Sanitizers do not see vector loads with a mask; the page does.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "base/assert.h"

namespace pixel::logfmt {

class GuardedText {
 public:
  /// Room for texts of up to `bytes_max`.
  explicit GuardedText(std::size_t bytes_max) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    usable_ = (bytes_max + page - 1) / page * page + page;
    mapped_ = usable_ + page;
    void* const memory =
        ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    memory_ = static_cast<char*>(memory);
    CHECK(::mprotect(memory_ + usable_, page, PROT_NONE) == 0);
  }
  ~GuardedText() { ::munmap(memory_, mapped_); }
  GuardedText(const GuardedText&) = delete;
  GuardedText& operator=(const GuardedText&) = delete;

  /// Valid until the next call.
  std::string_view set(std::string_view text) {
    CHECK(text.size() <= usable_);
    char* const begin = memory_ + usable_ - text.size();
    if (!text.empty()) std::memcpy(begin, text.data(), text.size());
    return {begin, text.size()};
  }

 private:
  char* memory_ = nullptr;
  std::size_t usable_ = 0;
  std::size_t mapped_ = 0;
};

}  // namespace pixel::logfmt
