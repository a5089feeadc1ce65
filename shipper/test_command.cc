// SPDX-License-Identifier: Apache-2.0
// See test_command.h. COLD.
#include "shipper/test_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace pixel::shipper {

int test_command(const Config& config, bool as_json) {
  nlohmann::json object = {{"tests", nlohmann::json::array()}};
  std::size_t failed = 0;
  for (const TableTest& test : config.tests) {
    const std::vector<std::string> faults = run_test(test, config.tables);
    failed += faults.empty() ? 0U : 1U;
    object["tests"].push_back(
        {{"name", test.name}, {"passed", faults.empty()}, {"faults", faults}});
    if (as_json) continue;
    fmt::print("{}  {}\n", faults.empty() ? "pass" : "FAIL", test.name);
    for (const std::string& fault : faults) fmt::print("      {}\n", fault);
  }
  object["passed"] = config.tests.size() - failed;
  object["failed"] = failed;
  if (as_json) {
    fmt::print("{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{} of {} tests pass\n", config.tests.size() - failed, config.tests.size());
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace pixel::shipper
