// SPDX-License-Identifier: Apache-2.0
// COLD: see lazy_memory.h.
#include "edge/net/lazy_memory.h"

#include <sys/mman.h>

#include "base/assert.h"

namespace pixel::edge {

LazyMemory::LazyMemory(std::size_t bytes) : bytes_(bytes) {
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(mapped != MAP_FAILED);
  base_ = static_cast<char*>(mapped);
}

LazyMemory::~LazyMemory() {
  if (base_ != nullptr) ::munmap(base_, bytes_);
}

}  // namespace pixel::edge
