// SPDX-License-Identifier: Apache-2.0
// Reads a TOML file into typed settings and reports every error at once: file, line, column,
// key, what was expected and what was found; an unknown key is an error that names the nearest
// known one. COLD.
//
//   ConfigReader reader = ConfigReader::from_file("edge.toml");
//   ConfigSection server = reader.root().section("server");
//   server.read("workers", config.workers, {0, 1024});
//   server.finish();                       // what was not read is unknown
//   reader.root().finish();
//   if (!reader.errors().empty()) ...
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace pixel::base {

/// Inclusive bounds of an integer, size or duration setting.
struct Bounds {
  std::uint64_t min = 0;
  std::uint64_t max = UINT64_MAX;
};

/// A value whose type is the setting's own matter.
using ConfigScalar = std::variant<bool, std::int64_t, double, std::string>;

class ConfigReader;
struct TomlPlace;

/// One table of the file. Reading a key marks it known; a key that is absent leaves the default.
/// Lives as long as its ConfigReader.
class ConfigSection {
 public:
  /// Integers; bounds are checked.
  void read(std::string_view key, std::uint64_t& value, Bounds bounds = {});
  void read(std::string_view key, std::uint32_t& value, Bounds bounds = {0, UINT32_MAX});
  void read(std::string_view key, std::uint16_t& value, Bounds bounds = {0, UINT16_MAX});
  void read(std::string_view key, bool& value);
  void read(std::string_view key, std::string& value);
  void read(std::string_view key, std::filesystem::path& value);
  void read(std::string_view key, std::vector<std::string>& values);
  /// Numbers with or without a fraction, inclusive bounds.
  void read(std::string_view key, double& value, double min, double max);
  /// A string, number or boolean as it stands.
  void read(std::string_view key, ConfigScalar& value);
  /// Strings such as "64MiB", in bytes.
  void read_bytes(std::string_view key, std::uint64_t& bytes, Bounds bounds = {});
  /// Strings such as "60s", in nanoseconds.
  void read_duration(std::string_view key, std::uint64_t& ns, Bounds bounds = {});
  /// A string that must be one of `choices`; `index` becomes its place among them.
  void read_choice(std::string_view key, std::span<const std::string_view> choices,
                   std::size_t& index);

  /// [key]: an empty section where absent.
  ConfigSection section(std::string_view key);
  /// [[key]]: one section each, in order.
  std::vector<ConfigSection> sections(std::string_view key);
  /// The same, and errors name the element: "route[2].path".
  std::vector<ConfigSection> numbered_sections(std::string_view key);
  /// The keys of this table, in file order: for tables whose keys are the user's own names.
  std::vector<std::string> keys() const;
  bool has(std::string_view key) const;
  /// The table as TOML in an order of its own, without comments; "" where the section is absent.
  /// The same text means the same settings. May hold secrets: compare or hash it, never show it.
  std::string text() const;
  /// The same of one key.
  std::string text(std::string_view key) const;
  /// Reports an error of meaning at a key of this table ("must not be ..."); `expected` completes
  /// "expected ...".
  void fail(std::string_view key, std::string_view expected);
  /// The same for one element of an array ("server.listen[1]: expected ..."); for the whole key
  /// where it is no array or shorter.
  void fail_element(std::string_view key, std::size_t index, std::string_view expected);
  /// Reports an error whose text is not of the form "expected ..., found ...", and marks the key
  /// known.
  void report(std::string_view key, std::string_view text);
  /// The same for a place within a string: "edge.toml:12:17: table.where: <text>", where 17 is the
  /// column in the file (in characters, from 1) of the value's byte `offset`.
  void report_at(std::string_view key, std::size_t offset, std::string_view text);
  /// The same for a string that is an element of an array.
  void report_element_at(std::string_view key, std::size_t index, std::size_t offset,
                         std::string_view text);
  /// Reports each key that nothing has read.
  void finish();

 private:
  friend class ConfigReader;
  struct Node;
  ConfigSection(ConfigReader* reader, std::shared_ptr<Node> node)
      : reader_(reader), node_(std::move(node)) {}
  std::vector<ConfigSection> read_sections(std::string_view key, bool are_numbered);
  void read_scaled(std::string_view key, std::uint64_t& value, Bounds bounds, bool is_duration);
  template <class Integer>
  void read_integer(std::string_view key, Integer& value, Bounds bounds);

  ConfigReader* reader_;
  std::shared_ptr<Node> node_;
};

class ConfigReader {
 public:
  /// A file that cannot be read or parsed gives a reader whose errors() say so.
  static std::unique_ptr<ConfigReader> from_file(const std::filesystem::path& path);
  /// `name` stands for the file in errors.
  static std::unique_ptr<ConfigReader> from_text(std::string_view text, std::string name);
  ~ConfigReader();

  ConfigSection root();
  /// "edge.toml:12:11: server.workers: expected an integer from 0 to 1024, found a string", in the
  /// order of their places.
  std::vector<std::string> errors() const;

 private:
  friend class ConfigSection;
  ConfigReader();
  /// Line 0: of the file as a whole.
  void add_error(const TomlPlace& place, const std::string& text);
  struct State;
  std::unique_ptr<State> state_;
};

/// The known word with the smallest edit distance to `word`, or "" where none is near.
std::string nearest_word(std::string_view word, std::span<const std::string> known);

}  // namespace pixel::base
