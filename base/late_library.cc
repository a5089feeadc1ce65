// SPDX-License-Identifier: Apache-2.0
// See late_library.h.
#include "base/late_library.h"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "base/assert.h"

namespace pixel::base {
namespace {

// In the order in which they are tried. Not by a run path: where a sanitizer wraps dlopen, its own
// would count.
std::vector<std::string> places(const char* file) {
  std::vector<std::string> all;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const auto folder = program.parent_path();
    for (const auto& place : {folder / file, folder.parent_path() / "lib" / "pixeledge" / file}) {
      if (std::filesystem::exists(place, error)) all.push_back(place.string());
    }
  }
  all.emplace_back(file);
  return all;
}

}  // namespace

Status LateLibrary::load() {
  const std::lock_guard lock(mutex_);
  if (handle_.load(std::memory_order_relaxed) != nullptr) return ok_status();
  std::string why;
  for (const std::string& place : places(file_)) {
    void* const handle = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) {
      // release; pairs with find.
      handle_.store(handle, std::memory_order_release);
      return ok_status();
    }
    why += std::string(why.empty() ? "" : "; ") + ::dlerror();
  }
  return Error{std::string("cannot load ") + file_ +
               ", which belongs beside the program or in ../lib/pixeledge of there: " + why};
}

void* LateLibrary::find(const char* symbol) const {
  // acquire; pairs with load.
  void* const handle = handle_.load(std::memory_order_acquire);
  CHECK(handle != nullptr);
  void* const address = ::dlsym(handle, symbol);
  CHECK(address != nullptr);
  return address;
}

}  // namespace pixel::base
