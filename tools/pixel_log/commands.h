// SPDX-License-Identifier: Apache-2.0
// The three subcommands as the command line asks for them. COLD.
#pragma once

#include <string>
#include <vector>

namespace pixel::logs {

struct CatOptions {
  std::vector<std::string> paths;
  std::string key_file;
  std::string kind;  // "access", "events"; empty: both.
  int fields = 33;   // 33 or 26.
  bool json = false;
  bool ids = false;
  bool follow = false;
};

struct VerifyOptions {
  std::vector<std::string> paths;
  std::string key_file;
};

struct AuditOptions {
  std::string spool;
  std::string key_file;
  std::string shipper_config;
  std::string holdings_file;
  std::string ids_file;
  std::string parameter = "id";
  long long answered = -1;
  bool drained = false;
  bool json = false;
};

/// Each prints its result and returns the exit code: 0 fine, 1 a defect, 2 cannot do what is asked.
int run_cat(const CatOptions& options);
int run_verify(const VerifyOptions& options);
int run_audit(const AuditOptions& options);

}  // namespace pixel::logs
