// SPDX-License-Identifier: Apache-2.0
// See memory_freeze.h. Replaces the global operator new in debug builds.
#include "base/memory_freeze.h"

#include <cstdlib>
#include <new>

#include "base/assert.h"

#if !defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__clang__)
#define PIXEL_CHECK_FREEZE 1
#else
#define PIXEL_CHECK_FREEZE 0
#endif

namespace pixel::base {
namespace {
thread_local bool frozen = false;
}  // namespace

void freeze_this_thread() noexcept { frozen = true; }
void thaw_this_thread() noexcept { frozen = false; }
bool this_thread_is_frozen() noexcept { return frozen; }
bool freeze_is_checked() noexcept { return PIXEL_CHECK_FREEZE == 1; }

}  // namespace pixel::base

#if PIXEL_CHECK_FREEZE

// The array and nothrow forms of the standard library call these two.
void* operator new(std::size_t bytes) {
  CHECK(!pixel::base::this_thread_is_frozen());
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* operator new(std::size_t bytes, std::align_val_t alignment) {
  CHECK(!pixel::base::this_thread_is_frozen());
  const auto align = static_cast<std::size_t>(alignment);
  void* memory = std::aligned_alloc(align, (bytes + align - 1) / align * align);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

#endif
