// SPDX-License-Identifier: Apache-2.0
// COLD: see config.h. The keys are in settings.h; what a value must mean is here.
#include "edge/config.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <optional>
#include <set>

#include "base/address.h"
#include "base/config_reader.h"
#include "edge/settings.h"

namespace pixel::edge {
namespace {

// Reads one section after the other; each is checked for unknown keys when the next begins.
class Loader {
 public:
  explicit Loader(base::ConfigReader& reader) : root_(reader.root()) {}

  void section(std::string_view name) {
    finish_section();
    current_ = root_.section(name);
  }
  void finish_section() {
    if (current_) current_->finish();
    current_.reset();
  }
  base::ConfigSection& root() { return root_; }

  void texts(std::string_view key, std::vector<std::string>& values) {
    current_->read(key, values);
  }
  void text(std::string_view key, std::string& value) { current_->read(key, value); }
  void path(std::string_view key, std::filesystem::path& value) { current_->read(key, value); }
  void flag(std::string_view key, bool& value) { current_->read(key, value); }
  void bytes(std::string_view key, std::uint64_t& value, base::Bounds bounds) {
    current_->read_bytes(key, value, bounds);
  }
  void duration(std::string_view key, std::uint64_t& value, base::Bounds bounds) {
    current_->read_duration(key, value, bounds);
  }
  template <class Integer>
  void integer(std::string_view key, Integer& value, base::Bounds bounds) {
    current_->read(key, value, bounds);
  }
  template <class Choice, std::size_t N>
  void choice(std::string_view key, Choice& value, const std::array<std::string_view, N>& names) {
    if constexpr (std::is_same_v<Choice, Durability>) {
      std::string name(names[0]);
      current_->read(key, name);
      if (name != names[0]) {
        current_->fail(key, "\"process\": no other durability exists in this version");
      }
    } else {
      auto index = static_cast<std::size_t>(value);
      current_->read_choice(key, names, index);
      value = static_cast<Choice>(index);
    }
  }

 private:
  base::ConfigSection root_;
  std::optional<base::ConfigSection> current_;
};

class Dumper {
 public:
  std::string text_so_far;

  void section(std::string_view name) { text_so_far += fmt::format("[{}]\n", name); }
  void texts(std::string_view key, const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values) {
      list += fmt::format("{}{}", list.empty() ? "" : ", ", quote(value));
    }
    line(key, fmt::format("[{}]", list));
  }
  void text(std::string_view key, const std::string& value) { line(key, quote(value)); }
  void path(std::string_view key, const std::filesystem::path& value) {
    line(key, quote(value.string()));
  }
  void flag(std::string_view key, bool value) { line(key, value ? "true" : "false"); }
  void bytes(std::string_view key, std::uint64_t value, base::Bounds) {
    line(key, quote(base::format_bytes(value)));
  }
  void duration(std::string_view key, std::uint64_t value, base::Bounds) {
    line(key, quote(base::format_duration_ns(value)));
  }
  template <class Integer>
  void integer(std::string_view key, Integer value, base::Bounds) {
    line(key, fmt::format("{}", value));
  }
  template <class Choice, std::size_t N>
  void choice(std::string_view key, Choice value, const std::array<std::string_view, N>& names) {
    line(key, quote(std::string(names[static_cast<std::size_t>(value)])));
  }

 private:
  static std::string quote(const std::string& value) {
    std::string quoted = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + "\"";
  }
  void line(std::string_view key, std::string_view value) {
    text_so_far += fmt::format("{} = {}\n", key, value);
  }
};

bool is_numeric_address(const std::string& text) {
  const auto parsed = base::parse_host_port(text);
  if (!parsed) return false;
  in6_addr any{};
  return ::inet_pton(AF_INET, parsed->host.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, parsed->host.c_str(), &any) == 1;
}

bool all_of(std::string_view text, bool (*allowed)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// CloudFront's: three capitals of an airport and a number.
bool is_location(std::string_view text) {
  if (text.size() < 4 || text.size() > 16) return false;
  return all_of(text.substr(0, 3), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         all_of(text.substr(3), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host_name(std::string_view text) {
  return text.size() <= 255 &&
         all_of(text, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; });
}

bool is_pixel_path(std::string_view text) {
  return text.starts_with('/') && text.size() <= 1024 &&
         all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
}

void check_server(base::ConfigSection server, const EdgeConfig& config) {
  const bool all_fit = std::all_of(config.listen.begin(), config.listen.end(), is_numeric_address);
  const std::set<std::string> distinct(config.listen.begin(), config.listen.end());
  if (config.listen.empty() || !all_fit) {
    server.fail("listen", "addresses such as \"0.0.0.0:8080\" or \"[::]:8080\"");
  } else if (distinct.size() != config.listen.size()) {
    server.fail("listen", "addresses that differ");
  }
  if (!std::has_single_bit(config.receive_buffers)) {
    server.fail("receive_buffers", "a power of two");
  }
}

void check_names(base::ConfigSection& root, const EdgeConfig& config) {
  if (!config.admin_listen.empty() && !is_numeric_address(config.admin_listen)) {
    root.section("admin").fail("listen", "an address such as \"127.0.0.1:9180\", or \"\" for none");
  }
  if (!is_location(config.location)) {
    root.section("node").fail("location", "three capital letters and a number, such as \"EDG1\"");
  }
  if (config.distribution.size() > 64 || !all_of(config.distribution, is_alphanumeric)) {
    root.section("log").fail("distribution", "1 to 64 letters and digits");
  }
  if (!is_host_name(config.distribution_host)) {
    root.section("log").fail("distribution_host", "a host name");
  }
  if (config.segment_age_ns % base::kSecondNs != 0) {
    root.section("spool").fail("segment_age", "whole seconds");
  }
  if (config.request_line_bytes > config.head_bytes) {
    root.section("limits").fail("request_line", "no more than limits.headers, which includes it");
  }
}

// With any [[pixel]] in the file, the defaults are gone.
void read_pixels(base::ConfigSection& root, EdgeConfig& config) {
  const bool given = root.has("pixel");
  auto sections = root.sections("pixel");
  if (!given) return;
  config.pixel_paths.clear();
  for (base::ConfigSection& pixel : sections) {
    std::string path;
    pixel.read("path", path);
    const auto& seen = config.pixel_paths;
    if (!is_pixel_path(path)) {
      pixel.fail("path", "a path such as \"/1x1.gif\", without query");
    } else if (std::find(seen.begin(), seen.end(), path) != seen.end()) {
      pixel.fail("path", "a path that no other [[pixel]] has");
    }
    config.pixel_paths.push_back(path);
    pixel.finish();
  }
}

LoadedConfig load(base::ConfigReader& reader) {
  LoadedConfig loaded;
  loaded.errors = reader.errors();
  if (!loaded.errors.empty()) return loaded;  // Unreadable: anything more would mislead.
  Loader loader(reader);
  visit_settings(loaded.config, loader);
  loader.finish_section();
  read_pixels(loader.root(), loaded.config);
  check_server(loader.root().section("server"), loaded.config);
  check_names(loader.root(), loaded.config);
  loader.root().finish();
  loaded.errors = reader.errors();
  const auto end = std::unique(loaded.errors.begin(), loaded.errors.end());
  loaded.errors.erase(end, loaded.errors.end());
  return loaded;
}

}  // namespace

LoadedConfig load_config(const std::filesystem::path& path) {
  return load(*base::ConfigReader::from_file(path));
}

LoadedConfig load_config_text(std::string_view text, std::string name) {
  return load(*base::ConfigReader::from_text(text, std::move(name)));
}

std::string dump(const EdgeConfig& config) {
  Dumper dumper;
  visit_settings(config, dumper);
  for (const std::string& path : config.pixel_paths) {
    dumper.text_so_far += "[[pixel]]\n";
    dumper.text("path", path);
  }
  return dumper.text_so_far;
}

}  // namespace pixel::edge
