// SPDX-License-Identifier: Apache-2.0
// COLD: see config.h. The keys are in settings.h and settings_route.h, what values must mean is in
// config_checks.h.
#include "edge/config.h"

#include <fmt/format.h>

#include <set>

#include "base/config_reader.h"
#include "edge/config_checks.h"
#include "edge/config_loader.h"
#include "edge/config_routes.h"
#include "edge/setting_list.h"

namespace pixel::edge {
namespace {

void tell(base::ConfigSection& section, const ConfigFault& fault) {
  if (fault.is_whole_text) {
    section.report(fault.key, fault.text);
  } else if (fault.element != ConfigFault::kWhole) {
    section.fail_element(fault.key, fault.element, fault.text);
  } else {
    section.fail(fault.key, fault.text);
  }
}

// The same fault may be found twice: by its type, and by what it would mean.
void erase_repeated(std::vector<std::string>& errors) {
  std::set<std::string> seen;
  std::erase_if(errors, [&](const std::string& error) { return !seen.insert(error).second; });
}

enum class Files : bool { kIgnore, kCheck };

std::vector<ConfigFault> faults_of(const EdgeConfig& config, Files files) {
  std::vector<ConfigFault> faults = check_config(config);
  if (files == Files::kIgnore) return faults;
  ConfigFaults more;
  check_files(config, more);
  for (ConfigFault& fault : more.take()) faults.push_back(std::move(fault));
  return faults;
}

LoadedConfig load(base::ConfigReader& reader, Files files) {
  LoadedConfig loaded;
  loaded.errors = reader.errors();
  if (!loaded.errors.empty()) return loaded;  // Unreadable: anything more would mislead.
  base::ConfigSection root = reader.root();
  Loader loader(root);
  visit_settings(loaded.config, loader);
  loader.finish_section();
  RouteReader routes(root, loader);
  loaded.config.http.routes = routes.read();
  root.finish();
  for (const ConfigFault& fault : faults_of(loaded.config, files)) {
    if (fault.section.starts_with("route[")) {
      const std::size_t index = std::stoul(fault.section.substr(6));
      if (base::ConfigSection* const section = routes.section_of(index)) tell(*section, fault);
    } else {
      base::ConfigSection section = root.section(fault.section);
      tell(section, fault);
    }
  }
  loaded.errors = reader.errors();
  erase_repeated(loaded.errors);
  return loaded;
}

}  // namespace

LoadedConfig load_config(const std::filesystem::path& path) {
  return load(*base::ConfigReader::from_file(path), Files::kCheck);
}

LoadedConfig load_config_text(std::string_view text, std::string name) {
  return load(*base::ConfigReader::from_text(text, std::move(name)), Files::kIgnore);
}

std::string dump(const EdgeConfig& config) {
  std::string text;
  std::string section;
  for (const Setting& setting : list_settings(config)) {
    if (setting.section != section) text += fmt::format("[{}]\n", setting.section);
    section = setting.section;
    text += fmt::format("{} = {}\n", setting.key, setting.value);
  }
  for (const RouteOptions& route : config.http.routes) {
    text += "[[route]]\n";
    for (const Setting& setting : list_route_settings(route)) {
      text += fmt::format("{} = {}\n", setting.key, setting.value);
    }
  }
  return text;
}

}  // namespace pixel::edge
