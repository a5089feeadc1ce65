// SPDX-License-Identifier: Apache-2.0
// See transform_config.h. COLD.
#include "shipper/transform_config.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <optional>

#include "base/file.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kKeyBytesMin = 16;

using Fault = RulesBuilder::Fault;

void report(base::ConfigSection& section, std::string_view key,
            const RulesBuilder::ExpressionFault& fault) {
  if (fault) section.report_at(key, fault->offset, fault->message);
}

std::string read_where(base::ConfigSection& section) {
  std::string text;
  section.read("where", text);
  if (!section.has("where")) section.fail("where", "an expression");
  return text;
}

// Does something to the column that `column` names, or to each of `columns`.
void for_each_column(base::ConfigSection& section,
                     const std::function<Fault(const std::string&)>& change) {
  if (section.has("column")) {
    std::string name;
    section.read("column", name);
    if (const Fault fault = change(name)) section.report_at("column", 0, *fault);
    if (section.has("columns")) section.report("columns", "either column or columns, not both");
    return;
  }
  std::vector<std::string> names;
  section.read("columns", names);
  if (names.empty()) section.fail("column", "the name of a column");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (const Fault fault = change(names[i])) section.report_element_at("columns", i, 0, *fault);
  }
}

// Nothing where it is missing or unreadable: that was reported.
std::optional<std::string> read_key(base::ConfigSection& section) {
  std::filesystem::path file;
  std::string variable;
  section.read("key_file", file);
  section.read("key_env", variable);
  std::string key;
  const char* const from = variable.empty() ? "key_file" : "key_env";
  if (file.empty() == variable.empty()) {
    section.fail("key_file", "key_file or key_env: where the key is");
    return std::nullopt;
  }
  if (!file.empty()) {
    auto content = base::read_file(file);
    if (!content) {
      section.report(from, content.error().message);
      return std::nullopt;
    }
    key = std::move(content).value();
  } else if (const char* value = std::getenv(variable.c_str())) {
    key = value;
  } else {
    section.fail(from, "the name of an environment variable that is set");
    return std::nullopt;
  }
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.size() >= kKeyBytesMin) return key;
  section.report(from, fmt::format("the key has {} bytes; it needs {}", key.size(), kKeyBytesMin));
  return std::nullopt;
}

void read_filter(base::ConfigSection& section, RulesBuilder& rules) {
  const std::string text = read_where(section);
  if (section.has("where")) report(section, "where", rules.filter(text));
}

void read_route(base::ConfigSection& section, RulesBuilder& rules) {
  const std::string text = read_where(section);
  if (section.has("where")) report(section, "where", rules.route(text));
}

void read_rename(base::ConfigSection& section, RulesBuilder& rules) {
  std::string from;
  std::string to;
  section.read("from", from);
  section.read("to", to);
  if (const Fault fault = rules.rename(from, to)) {
    // What is wrong with the new name stands at the new name.
    const bool is_about_to = fault->find(fmt::format("'{}'", to)) != std::string::npos &&
                             fault->find(fmt::format("'{}' here", from)) == std::string::npos;
    section.report_at(is_about_to ? "to" : "from", 0, *fault);
  }
}

void read_drop(base::ConfigSection& section, RulesBuilder& rules) {
  for_each_column(section, [&rules](const std::string& name) { return rules.drop(name); });
}

void read_hash(base::ConfigSection& section, RulesBuilder& rules) {
  const auto key = read_key(section);
  for_each_column(section, [&](const std::string& name) {
    return rules.hash(name, key.value_or(std::string(kKeyBytesMin, '?')));
  });
}

void read_mask(base::ConfigSection& section, RulesBuilder& rules) {
  constexpr std::uint64_t kept_max = 1000;
  std::uint32_t ipv4_bits = 24;
  std::uint32_t ipv6_bits = 48;
  std::uint64_t keep_first = 0;
  std::uint64_t keep_last = 0;
  const bool is_text = section.has("keep_first") || section.has("keep_last");
  const bool is_address = section.has("ipv4_bits") || section.has("ipv6_bits");
  section.read("ipv4_bits", ipv4_bits, {0, 32});
  section.read("ipv6_bits", ipv6_bits, {0, 128});
  section.read("keep_first", keep_first, {0, kept_max});
  section.read("keep_last", keep_last, {0, kept_max});
  if (is_text == is_address) {
    section.fail("ipv4_bits", "ipv4_bits and ipv6_bits for addresses, or keep_first and keep_last");
  }
  for_each_column(section, [&](const std::string& name) -> Fault {
    if (is_text == is_address) return std::nullopt;
    return is_address ? rules.mask_address(name, ipv4_bits, ipv6_bits)
                      : rules.mask_text(name, keep_first, keep_last);
  });
}

void read_flatten(base::ConfigSection& section, RulesBuilder& rules) {
  for_each_column(section, [&rules](const std::string& name) { return rules.flatten(name); });
}

void read_sample(base::ConfigSection& section, RulesBuilder& rules) {
  double rate = 1;
  std::string name = "_request_id";
  section.read("rate", rate, 0, 1);
  if (!section.has("rate")) section.fail("rate", "a number from 0 to 1");
  section.read("column", name);
  if (const Fault fault = rules.sample(name, rate)) section.report_at("column", 0, *fault);
}

struct Verb {
  std::string_view name;
  void (*read)(base::ConfigSection&, RulesBuilder&);
};
constexpr std::array<Verb, 8> kVerbs{{{"filter", read_filter},
                                      {"route", read_route},
                                      {"rename", read_rename},
                                      {"drop", read_drop},
                                      {"hash", read_hash},
                                      {"mask", read_mask},
                                      {"flatten", read_flatten},
                                      {"sample", read_sample}}};

}  // namespace

void read_transforms(base::ConfigSection& table, RulesBuilder& rules) {
  std::array<std::string_view, kVerbs.size()> names;
  for (std::size_t i = 0; i < kVerbs.size(); ++i) names[i] = kVerbs[i].name;
  for (base::ConfigSection& section : table.numbered_sections("transform")) {
    std::size_t verb = kVerbs.size();
    section.read_choice("verb", names, verb);
    if (!section.has("verb"))
      section.fail("verb", fmt::format("one of \"{}\"", fmt::join(names, "\", \"")));
    if (verb == kVerbs.size()) continue;  // Nobody knows its keys.
    kVerbs[verb].read(section, rules);
    section.finish();
  }
}

}  // namespace pixel::shipper
