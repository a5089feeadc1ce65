// SPDX-License-Identifier: Apache-2.0
// pixel-shipper test: runs the tests that the settings hold. Opens nothing. COLD.
#include "shipper/test_command.h"

#include "shipper/cli/console.h"

namespace pixel::shipper::cli {
namespace {

int test(const Invocation& invocation) {
  const auto config = load(invocation);
  return config ? test_command(*config, invocation.as_json) : kWrongUsage;
}

}  // namespace

void add_test(CLI::App& app, Invocation& invocation) {
  CLI::App* const command = add_command(app, invocation, "test",
                                        "Run the [[test]]s of the settings: tables, columns, rules",
                                        "test --config shipper.toml");
  command->callback([&invocation] { invocation.action = [&] { return test(invocation); }; });
}

}  // namespace pixel::shipper::cli
