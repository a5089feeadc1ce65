// SPDX-License-Identifier: Apache-2.0
// COLD: see setting_list.h.
#include "edge/setting_list.h"

#include <fmt/format.h>

#include "edge/settings_route.h"

namespace pixel::edge {
namespace {

// A basic string of TOML 1.0: everything but control bytes stands for itself.
std::string quote(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

// The visitor of the tables.
class Lister {
 public:
  std::vector<Setting> settings;

  void section(std::string_view name, Effect effect) {
    section_ = name;
    effect_ = effect;
  }
  void texts(const SettingKey& key, const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values) {
      list += fmt::format("{}{}", list.empty() ? "" : ", ", quote(value));
    }
    add(key, fmt::format("[{}]", list));
  }
  void text(const SettingKey& key, const std::string& value) { add(key, quote(value)); }
  void path(const SettingKey& key, const std::filesystem::path& value) {
    add(key, quote(value.string()));
  }
  void optional_path(const SettingKey& key, const std::filesystem::path& value) {
    path(key, value);
  }
  void flag(const SettingKey& key, bool value) { add(key, value ? "true" : "false"); }
  void bytes(const SettingKey& key, std::uint64_t value, base::Bounds) {
    add(key, quote(base::format_bytes(value)));
  }
  void duration(const SettingKey& key, std::uint64_t value, base::Bounds) {
    add(key, quote(base::format_duration_ns(value)));
  }
  template <class Integer>
  void integer(const SettingKey& key, Integer value, base::Bounds) {
    add(key, fmt::format("{}", value));
  }
  template <class Choice, std::size_t N>
  void choice(const SettingKey& key, Choice value, const std::array<std::string_view, N>& names) {
    add(key, quote(names[static_cast<std::size_t>(value)]));
  }
  template <std::size_t N>
  void word(const SettingKey& key, const std::string& value,
            const std::array<std::string_view, N>&) {
    text(key, value);
  }

 private:
  void add(const SettingKey& key, std::string value) {
    settings.push_back(
        {section_, std::string(key.name), std::move(value), key.effect.value_or(effect_)});
  }
  std::string section_;
  Effect effect_ = Effect::kReload;
};

}  // namespace

std::vector<Setting> list_settings(const EdgeConfig& config) {
  Lister lister;
  visit_settings(config, lister);
  return std::move(lister.settings);
}

std::vector<Setting> list_route_settings(const RouteOptions& route) {
  Lister lister;
  visit_route_settings(route, lister);
  return std::move(lister.settings);
}

}  // namespace pixel::edge
