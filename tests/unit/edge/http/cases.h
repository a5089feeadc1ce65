// SPDX-License-Identifier: Apache-2.0
// Runs a check over every case of the tables with every scan of this CPU.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "edge/http/scan.h"
#include "tests/unit/edge/http/header_cases.h"
#include "tests/unit/edge/http/request_line_cases.h"

namespace pixel::edge::test {

template <class Check>
void for_each_case(Check check) {
  const auto run = [&check](const Case& one) {
    for (const ScanOps* scan : supported_scans()) {
      SCOPED_TRACE(std::string(one.name) + " [" + scan->name + "]");
      check(one, *scan);
    }
  };
  for (const Case& one : kRequestLineCases) run(one);
  for (const Case& one : kHeaderCases) run(one);
}

}  // namespace pixel::edge::test
