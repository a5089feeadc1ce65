// SPDX-License-Identifier: Apache-2.0
// A run's result as people read it and as JSON (fields: README.md beside this file). COLD.
#pragma once

#include <string>

#include "tools/pixel_load/plan.h"
#include "tools/pixel_load/run.h"

namespace pixel::load {

std::string to_table(const Plan& plan, const RunResult& result);
/// One object, one line, with its newline.
std::string to_json(const Plan& plan, const RunResult& result);

}  // namespace pixel::load
