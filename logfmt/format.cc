// SPDX-License-Identifier: Apache-2.0
// See format.h. The field names are cut out of the header line, so that there is one list of them.
#include "logfmt/format.h"

#include <array>

namespace pixel::logfmt {
namespace {

constexpr std::string_view kFieldsMark = "#Fields: ";

constexpr std::size_t count_names() {
  std::size_t spaces = 0;
  for (const char c : kAccessHeader.substr(kAccessHeader.find(kFieldsMark) + kFieldsMark.size())) {
    spaces += c == ' ' ? 1 : 0;
  }
  return spaces + 1;
}
static_assert(count_names() == kFieldCount);

constexpr std::array<std::string_view, kFieldCount> cut_names() {
  std::array<std::string_view, kFieldCount> names;
  std::string_view rest =
      kAccessHeader.substr(kAccessHeader.find(kFieldsMark) + kFieldsMark.size());
  for (std::string_view& name : names) {
    const std::size_t end = rest.find_first_of(" \n");
    name = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  return names;
}
constexpr std::array<std::string_view, kFieldCount> kNames = cut_names();
static_assert(kNames[static_cast<std::size_t>(Field::kRequestId)] == "x-edge-request-id");
static_assert(kNames[static_cast<std::size_t>(Field::kRangeEnd)] == "sc-range-end");

}  // namespace

std::string_view field_name(Field field) noexcept {
  const auto number = static_cast<std::size_t>(field);
  return number < kNames.size() ? kNames[number] : std::string_view();
}

}  // namespace pixel::logfmt
