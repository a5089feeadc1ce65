// SPDX-License-Identifier: Apache-2.0
// COLD: see config_reader.h. The only file that compiles toml++'s header.
#include "base/config_reader.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <sstream>
#include <tuple>

#include "base/file.h"
#include "base/toml_place.h"
#include "base/units.h"

namespace pixel::base {

struct ConfigReader::State {
  std::string name;
  std::string text;
  toml::table table;
  std::vector<std::pair<TomlPlace, std::string>> errors;
};

struct ConfigSection::Node {
  const toml::table* table;  // Null where the section is absent.
  std::string path;          // "server" or "sink.duckdb"; "" at the root.
  std::vector<std::string> known;
  TomlPlace place;

  std::string key_path(std::string_view key) const {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  }
  const toml::node* find(std::string_view key) {
    known.emplace_back(key);
    return table == nullptr ? nullptr : table->get(key);
  }
};

namespace {

template <class Node>
TomlPlace place_of(const Node& node) {
  return {node.source().begin.line, node.source().begin.column};
}

std::string_view describe(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

// Without what would break the line or speak to a terminal.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += c;
    }
  }
  return shown;
}

// Values are shown where they are short: the operator looks for what was typed.
std::string found(const toml::node& node) {
  if (const auto* text = node.as_string()) return fmt::format("\"{}\"", printable(text->get()));
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* array = node.as_array(); array != nullptr && array->empty()) {
    return "an empty array";
  }
  return std::string(describe(node));
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string> known) {
  const std::string* best = nullptr;
  std::size_t best_distance = word.size() / 2 + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? std::string() : *best;
}

ConfigReader::ConfigReader() : state_(std::make_unique<State>()) {}
ConfigReader::~ConfigReader() = default;

std::unique_ptr<ConfigReader> ConfigReader::from_file(const std::filesystem::path& path) {
  auto text = read_file(path);
  if (text) return from_text(*text, path.string());
  std::unique_ptr<ConfigReader> reader(new ConfigReader);
  reader->state_->errors.emplace_back(TomlPlace{}, text.error().message);
  return reader;
}

std::unique_ptr<ConfigReader> ConfigReader::from_text(std::string_view text, std::string name) {
  std::unique_ptr<ConfigReader> reader(new ConfigReader);
  reader->state_->name = std::move(name);
  reader->state_->text = text;
  try {
    reader->state_->table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    reader->add_error(place_of(error), fmt::format("not valid TOML: {}", error.description()));
  }
  return reader;
}

ConfigSection ConfigReader::root() {
  auto node = std::make_shared<ConfigSection::Node>();
  node->table = &state_->table;
  return ConfigSection(this, std::move(node));
}

void ConfigReader::add_error(const TomlPlace& place, const std::string& text) {
  const std::string where = place.line == 0 ? "" : fmt::format("{}:{}:", place.line, place.column);
  state_->errors.emplace_back(place, fmt::format("{}:{} {}", state_->name, where, text));
}

std::vector<std::string> ConfigReader::errors() const {
  auto sorted = state_->errors;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.line, a.first.column) < std::tie(b.first.line, b.first.column);
  });
  std::vector<std::string> texts;
  for (auto& [place, text] : sorted) texts.push_back(std::move(text));
  return texts;
}

void ConfigSection::fail(std::string_view key, std::string_view expected) {
  const toml::node* node = node_->table == nullptr ? nullptr : node_->table->get(key);
  const TomlPlace place = node == nullptr ? node_->place : place_of(*node);
  reader_->add_error(place, fmt::format("{}: expected {}, found {}", node_->key_path(key), expected,
                                        node == nullptr ? std::string("nothing") : found(*node)));
}

void ConfigSection::fail_element(std::string_view key, std::size_t index,
                                 std::string_view expected) {
  const toml::node* node = node_->table == nullptr ? nullptr : node_->table->get(key);
  const toml::array* array = node == nullptr ? nullptr : node->as_array();
  if (array == nullptr || index >= array->size()) return fail(key, expected);
  const toml::node& element = (*array)[index];
  reader_->add_error(place_of(element),
                     fmt::format("{}[{}]: expected {}, found {}", node_->key_path(key), index,
                                 expected, found(element)));
}

void ConfigSection::report(std::string_view key, std::string_view text) {
  const toml::node* node = node_->find(key);
  reader_->add_error(node == nullptr ? node_->place : place_of(*node),
                     fmt::format("{}: {}", node_->key_path(key), text));
}

void ConfigSection::report_at(std::string_view key, std::size_t offset, std::string_view text) {
  const toml::node* node = node_->find(key);
  if (node == nullptr || !node->is_string()) return report(key, text);
  const TomlPlace place = place_in_string(reader_->state_->text, place_of(*node), offset);
  reader_->add_error(place, fmt::format("{}: {}", node_->key_path(key), text));
}

void ConfigSection::report_element_at(std::string_view key, std::size_t index, std::size_t offset,
                                      std::string_view text) {
  const toml::node* node = node_->find(key);
  const toml::array* array = node == nullptr ? nullptr : node->as_array();
  if (array == nullptr || index >= array->size()) return report(key, text);
  const TomlPlace place = place_in_string(reader_->state_->text, place_of((*array)[index]), offset);
  reader_->add_error(place, fmt::format("{}[{}]: {}", node_->key_path(key), index, text));
}

template <class Integer>
void ConfigSection::read_integer(std::string_view key, Integer& value, Bounds bounds) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  const auto* number = node->as_integer();
  const bool fits = number != nullptr && number->get() >= 0 &&
                    static_cast<std::uint64_t>(number->get()) >= bounds.min &&
                    static_cast<std::uint64_t>(number->get()) <= bounds.max;
  if (fits) {
    value = static_cast<Integer>(number->get());
  } else if (bounds.max > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    fail(key, fmt::format("an integer of at least {}", bounds.min));
  } else {
    fail(key, fmt::format("an integer from {} to {}", bounds.min, bounds.max));
  }
}

void ConfigSection::read(std::string_view key, std::uint64_t& value, Bounds bounds) {
  read_integer(key, value, bounds);
}
void ConfigSection::read(std::string_view key, std::uint32_t& value, Bounds bounds) {
  read_integer(key, value, bounds);
}
void ConfigSection::read(std::string_view key, std::uint16_t& value, Bounds bounds) {
  read_integer(key, value, bounds);
}

void ConfigSection::read(std::string_view key, bool& value) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  if (const auto* flag = node->as_boolean()) {
    value = flag->get();
  } else {
    fail(key, "true or false");
  }
}

void ConfigSection::read(std::string_view key, std::string& value) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  if (const auto* text = node->as_string()) {
    value = text->get();
  } else {
    fail(key, "a string");
  }
}

void ConfigSection::read(std::string_view key, std::filesystem::path& value) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  const auto* text = node->as_string();
  if (text != nullptr && !text->get().empty()) {
    value = text->get();
  } else {
    fail(key, "a path");
  }
}

void ConfigSection::read(std::string_view key, std::vector<std::string>& values) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) return fail(key, "an array of strings");
  std::vector<std::string> read_values;
  for (const auto& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) return fail_element(key, read_values.size(), "a string");
    read_values.push_back(text->get());
  }
  values = std::move(read_values);
}

void ConfigSection::read(std::string_view key, double& value, double min, double max) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  const auto number = node->value<double>();
  if (number && node->is_number() && *number >= min && *number <= max) {
    value = *number;
  } else {
    fail(key, fmt::format("a number from {} to {}", min, max));
  }
}

void ConfigSection::read(std::string_view key, ConfigScalar& value) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  if (const auto* text = node->as_string()) {
    value = text->get();
  } else if (const auto* flag = node->as_boolean()) {
    value = flag->get();
  } else if (const auto* integer = node->as_integer()) {
    value = integer->get();
  } else if (const auto* real = node->as_floating_point()) {
    value = real->get();
  } else {
    fail(key, "a string, a number, true or false");
  }
}

void ConfigSection::read_scaled(std::string_view key, std::uint64_t& value, Bounds bounds,
                                bool is_duration) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  const auto parse = is_duration ? parse_duration_ns : parse_bytes;
  const auto format = is_duration ? format_duration_ns : format_bytes;
  const auto* text = node->as_string();
  const auto parsed = text == nullptr ? std::nullopt : parse(text->get());
  if (!parsed) {
    return fail(key, is_duration ? "a duration such as \"60s\"" : "a size such as \"64MiB\"");
  }
  if (*parsed >= bounds.min && *parsed <= bounds.max) {
    value = *parsed;
  } else if (bounds.max == UINT64_MAX) {
    fail(key, fmt::format("at least \"{}\"", format(bounds.min)));
  } else {
    fail(key, fmt::format("\"{}\" to \"{}\"", format(bounds.min), format(bounds.max)));
  }
}

void ConfigSection::read_bytes(std::string_view key, std::uint64_t& bytes, Bounds bounds) {
  read_scaled(key, bytes, bounds, false);
}
void ConfigSection::read_duration(std::string_view key, std::uint64_t& ns, Bounds bounds) {
  read_scaled(key, ns, bounds, true);
}

void ConfigSection::read_choice(std::string_view key, std::span<const std::string_view> choices,
                                std::size_t& index) {
  const toml::node* node = node_->find(key);
  if (node == nullptr) return;
  const auto* text = node->as_string();
  const auto place = text == nullptr
                         ? choices.end()
                         : std::find(choices.begin(), choices.end(), std::string_view(text->get()));
  if (place == choices.end()) {
    return fail(key, fmt::format("one of \"{}\"", fmt::join(choices, "\", \"")));
  }
  index = static_cast<std::size_t>(place - choices.begin());
}

ConfigSection ConfigSection::section(std::string_view key) {
  const toml::node* node = node_->find(key);
  auto child = std::make_shared<Node>();
  child->path = node_->key_path(key);
  child->table = node == nullptr ? nullptr : node->as_table();
  child->place = node == nullptr ? node_->place : place_of(*node);
  if (node != nullptr && child->table == nullptr) fail(key, "a table");
  return ConfigSection(reader_, std::move(child));
}

std::vector<ConfigSection> ConfigSection::sections(std::string_view key) {
  return read_sections(key, false);
}
std::vector<ConfigSection> ConfigSection::numbered_sections(std::string_view key) {
  return read_sections(key, true);
}

std::vector<ConfigSection> ConfigSection::read_sections(std::string_view key, bool are_numbered) {
  std::vector<ConfigSection> children;
  const toml::node* node = node_->find(key);
  if (node == nullptr) return children;
  const auto* array = node->as_array();
  if (array == nullptr) {
    fail(key, fmt::format("an array of tables ([[{}]])", key));
    return children;
  }
  for (const auto& element : *array) {
    if (element.as_table() == nullptr) {
      fail(key, fmt::format("an array of tables ([[{}]])", key));
      break;
    }
    auto child = std::make_shared<Node>();
    child->path = node_->key_path(key);
    if (are_numbered) child->path += fmt::format("[{}]", children.size());
    child->table = element.as_table();
    child->place = place_of(element);
    children.push_back(ConfigSection(reader_, std::move(child)));
  }
  return children;
}

std::vector<std::string> ConfigSection::keys() const {
  std::vector<std::pair<std::uint32_t, std::string>> found_keys;
  if (node_->table != nullptr) {
    for (const auto& [key, value] : *node_->table) {
      found_keys.emplace_back(key.source().begin.line, std::string(key.str()));
    }
  }
  std::stable_sort(found_keys.begin(), found_keys.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (auto& [line, name] : found_keys) names.push_back(std::move(name));
  return names;
}

bool ConfigSection::has(std::string_view key) const {
  return node_->table != nullptr && node_->table->contains(key);
}

std::string ConfigSection::text() const {
  std::ostringstream stream;
  if (node_->table != nullptr) stream << *node_->table;
  return stream.str();
}

std::string ConfigSection::text(std::string_view key) const {
  const toml::node* node = node_->table == nullptr ? nullptr : node_->table->get(key);
  std::ostringstream stream;
  if (node != nullptr) node->visit([&stream](const auto& value) { stream << value; });
  return stream.str();
}

void ConfigSection::finish() {
  if (node_->table == nullptr) return;
  for (const auto& [key, value] : *node_->table) {
    const std::string name(key.str());
    if (std::find(node_->known.begin(), node_->known.end(), name) != node_->known.end()) continue;
    const std::string nearest = nearest_word(name, node_->known);
    reader_->add_error(
        place_of(key),
        fmt::format(
            "{}: unknown key{}", node_->key_path(name),
            nearest.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", nearest)));
  }
}

}  // namespace pixel::base
