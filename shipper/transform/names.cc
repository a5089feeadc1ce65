// SPDX-License-Identifier: Apache-2.0
// See names.h. COLD.
#include "shipper/transform/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/config_reader.h"
#include "shipper/decode/columns.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kParameterPrefix = "param.";
constexpr std::string_view kCookiePrefix = "cookie.";
constexpr std::string_view kJsonPrefix = "json.";

ColumnSpec text_column(std::string_view name, ColumnSource source, DecodeMode mode) {
  ColumnSpec spec;
  spec.name = name;
  spec.source = source;
  spec.decode_mode = mode;
  return spec;
}

bool is_key_part(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// Reads the steps of a path after its '$'.
class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  base::Result<JsonPath, PathError> parse() {
    if (!text_.starts_with('$')) return PathError{0, "a path begins with '$'"};
    ++at_;
    while (at_ < text_.size()) {
      const bool fine = text_[at_] == '.' ? read_key() : text_[at_] == '[' && read_bracket();
      if (!fine) {
        return PathError{at_, "expected '.key', '[0]' or \"['key']\""};
      }
    }
    return std::move(path_);
  }

 private:
  bool read_key() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_key_part(text_[end])) ++end;
    if (end == at_ + 1) return false;
    path_.push_back({std::string(text_.substr(at_ + 1, end - at_ - 1)), 0, false});
    at_ = end;
    return true;
  }

  bool read_bracket() {
    const std::size_t close = text_.find(']', at_);
    if (close == std::string_view::npos) return false;
    const std::string_view inner = text_.substr(at_ + 1, close - at_ - 1);
    const bool is_quoted = inner.size() >= 2 && inner.front() == '\'' && inner.back() == '\'';
    if (is_quoted) {
      path_.push_back({std::string(inner.substr(1, inner.size() - 2)), 0, false});
    } else {
      constexpr std::size_t digits_max = 6;
      if (inner.empty() || inner.size() > digits_max) return false;
      std::size_t index = 0;
      for (const char c : inner) {
        if (c < '0' || c > '9') return false;
        index = index * 10 + static_cast<std::size_t>(c - '0');
      }
      path_.push_back({"", index, true});
    }
    at_ = close + 1;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  JsonPath path_;
};

std::optional<ColumnSpec> prefixed_column(logfmt::SegmentKind source, DecodeMode mode,
                                          std::string_view name) {
  const bool is_events = source == logfmt::SegmentKind::kEvents;
  if (name.starts_with(kParameterPrefix)) {
    ColumnSpec spec = text_column(name, ColumnSource::kQuery, mode);
    spec.parameter = name.substr(kParameterPrefix.size());
    return spec;
  }
  if (name.starts_with(kCookiePrefix) && !is_events) {
    ColumnSpec spec = text_column(name, ColumnSource::kCookie, mode);
    spec.parameter = name.substr(kCookiePrefix.size());
    return spec;
  }
  if (name.starts_with(kJsonPrefix) && is_events) {
    auto path = parse_json_path("$." + std::string(name.substr(kJsonPrefix.size())));
    if (!path) return std::nullopt;
    ColumnSpec spec = text_column(name, ColumnSource::kMember, mode);
    spec.member = EventMember::kRecord;
    spec.has_path = true;
    spec.path = std::move(path).value();
    return spec;
  }
  return std::nullopt;
}

}  // namespace

base::Result<JsonPath, PathError> parse_json_path(std::string_view text) {
  return PathParser(text).parse();
}

std::optional<ColumnSpec> raw_column(logfmt::SegmentKind source, DecodeMode mode,
                                     std::string_view name) {
  for (const auto& columns : {source_columns(source), lineage_columns()}) {
    for (const ColumnSpec& column : columns) {
      if (column.name != name) continue;
      ColumnSpec found = column;
      found.decode_mode = mode;
      return found;
    }
  }
  return prefixed_column(source, mode, name);
}

std::string Names::unknown(std::string_view name) const {
  const std::string nearest = base::nearest_word(name, known());
  return fmt::format(
      "unknown name '{}'{}", name,
      nearest.empty() ? std::string() : fmt::format("; did you mean '{}'?", nearest));
}

std::optional<NamedCells> SourceNames::find(std::string_view name) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].name == name) return NamedCells{i, inputs_[i].type};
  }
  const auto own = std::find_if(columns_.begin(), columns_.end(),
                                [name](const ColumnSpec& column) { return column.name == name; });
  if (own != columns_.end()) {
    inputs_.push_back(*own);
  } else if (auto raw = raw_column(source_, mode_, name)) {
    inputs_.push_back(std::move(*raw));
  } else {
    return std::nullopt;
  }
  return NamedCells{inputs_.size() - 1, inputs_.back().type};
}

std::vector<std::string> SourceNames::known() const {
  std::vector<std::string> names;
  for (const ColumnSpec& column : columns_) names.push_back(column.name);
  for (const auto& columns : {source_columns(source_), lineage_columns()}) {
    for (const ColumnSpec& column : columns) names.push_back(column.name);
  }
  return names;
}

}  // namespace pixel::shipper
