// SPDX-License-Identifier: Apache-2.0
// Typed reading of one flat JSON object: the first thing that does not fit is kept as an error that
// names the key. COLD; used by manifest.cc only.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pixel::logfmt {

class JsonFields {
 public:
  /// `what` ("manifest") begins each error. Checks that the text is an object and its
  /// format_version one that this program reads.
  JsonFields(std::string_view what, std::string_view json);

  std::uint64_t unsigned_integer(const char* key, std::uint64_t max = UINT64_MAX);
  std::int64_t integer(const char* key);
  std::string text(const char* key);
  bool boolean(const char* key);

  /// For keys that a version has gained: is there one?
  bool has(const char* key) { return find(key) != nullptr; }

  /// Keeps the first error only.
  void fail(std::string_view key, std::string_view expected);
  bool ok() const noexcept { return error_.empty(); }
  base::Error error() const { return base::Error{error_}; }

 private:
  const nlohmann::json* find(const char* key);
  std::string what_;
  std::string error_;
  nlohmann::json object_;
};

}  // namespace pixel::logfmt
