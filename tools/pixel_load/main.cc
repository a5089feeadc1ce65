// SPDX-License-Identifier: Apache-2.0
// pixel-load: options -> plan -> run -> report. COLD.
#include <fmt/format.h>

#include <cstdio>

#include "tools/pixel_load/options.h"
#include "tools/pixel_load/plan.h"
#include "tools/pixel_load/report.h"
#include "tools/pixel_load/run.h"

int main(int argc, char** argv) {
  const pixel::load::CommandLine line = pixel::load::parse_command_line(argc, argv, PIXEL_VERSION);
  if (line.exit_code) return *line.exit_code;
  auto plan = pixel::load::make_plan(line.options);
  if (!plan) {
    fmt::print(stderr, "pixel-load: {}\n", plan.error().message);
    return 2;
  }
  pixel::load::choose_io(*plan);
  const pixel::load::RunResult result = pixel::load::run_with_signals(*plan);
  fmt::print("{}", line.options.json ? pixel::load::to_json(*plan, result)
                                     : pixel::load::to_table(*plan, result));
  if (!result.error.empty()) fmt::print(stderr, "pixel-load: {}\n", result.error);
  return result.good() ? 0 : 1;
}
