// SPDX-License-Identifier: Apache-2.0
// COLD: see config_reload.h.
#include "edge/config_reload.h"

#include "base/assert.h"
#include "edge/setting_list.h"

namespace pixel::edge {

std::vector<std::string> restart_only_differences(const EdgeConfig& old_one,
                                                  const EdgeConfig& new_one) {
  const std::vector<Setting> old_settings = list_settings(old_one);
  const std::vector<Setting> new_settings = list_settings(new_one);
  CHECK(old_settings.size() == new_settings.size());
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < old_settings.size(); ++i) {
    const Setting& setting = old_settings[i];
    if (setting.effect == Effect::kRestart && setting.value != new_settings[i].value) {
      keys.push_back(setting.section + "." + setting.key);
    }
  }
  return keys;
}

}  // namespace pixel::edge
