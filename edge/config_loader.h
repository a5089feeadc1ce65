// SPDX-License-Identifier: Apache-2.0
// The visitor of the tables of settings that reads a file into a configuration. COLD.
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/config_reader.h"
#include "edge/settings.h"

namespace pixel::edge {

/// Reads one section after the other; each is checked for unknown keys when the next begins.
class Loader {
 public:
  explicit Loader(base::ConfigSection root) : root_(std::move(root)) {}

  void section(std::string_view name, Effect) {
    finish_section();
    current_ = root_.section(name);
  }
  /// A table that is no section of the root.
  void use(base::ConfigSection section) {
    current_ = std::move(section);
    failed_words_.clear();
  }
  /// Whether a word of the table in use was none of those it may be.
  bool has_failed(std::string_view key) const {
    return std::find(failed_words_.begin(), failed_words_.end(), key) != failed_words_.end();
  }
  void finish_section() {
    if (current_) current_->finish();
    current_.reset();
  }

  void texts(const SettingKey& key, std::vector<std::string>& values) {
    current_->read(key.name, values);
  }
  void text(const SettingKey& key, std::string& value) { current_->read(key.name, value); }
  void path(const SettingKey& key, std::filesystem::path& value) {
    current_->read(key.name, value);
  }
  // "" is none.
  void optional_path(const SettingKey& key, std::filesystem::path& value) {
    std::string text = value.string();
    current_->read(key.name, text);
    value = text;
  }
  void flag(const SettingKey& key, bool& value) { current_->read(key.name, value); }
  void bytes(const SettingKey& key, std::uint64_t& value, base::Bounds bounds) {
    current_->read_bytes(key.name, value, bounds);
  }
  void duration(const SettingKey& key, std::uint64_t& value, base::Bounds bounds) {
    current_->read_duration(key.name, value, bounds);
  }
  template <class Integer>
  void integer(const SettingKey& key, Integer& value, base::Bounds bounds) {
    current_->read(key.name, value, bounds);
  }
  template <class Choice, std::size_t N>
  void choice(const SettingKey& key, Choice& value, const std::array<std::string_view, N>& names) {
    std::string name(names[static_cast<std::size_t>(value)]);
    word(key, name, names);
    value = static_cast<Choice>(std::find(names.begin(), names.end(), name) - names.begin());
  }
  template <std::size_t N>
  void word(const SettingKey& key, std::string& value,
            const std::array<std::string_view, N>& names) {
    std::vector<std::string_view> words;
    std::copy_if(names.begin(), names.end(), std::back_inserter(words),
                 [](std::string_view name) { return !name.empty(); });
    std::size_t index = words.size();
    current_->read_choice(key.name, words, index);
    if (index < words.size()) {
      value = words[index];
    } else if (current_->has(key.name)) {
      failed_words_.emplace_back(key.name);
    }
  }

 private:
  base::ConfigSection root_;
  std::optional<base::ConfigSection> current_;
  std::vector<std::string> failed_words_;
};

}  // namespace pixel::edge
