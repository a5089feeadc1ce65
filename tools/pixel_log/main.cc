// SPDX-License-Identifier: Apache-2.0
// pixel-log: the command line. COLD.
#include <CLI/CLI.hpp>

#include "tools/pixel_log/commands.h"

namespace {

constexpr const char* kKeyHelp = "The node's key file: decodes request ids";

CLI::App* add_cat(CLI::App& app, pixel::logs::CatOptions& options) {
  CLI::App* const cat = app.add_subcommand("cat", "Print lines of segments, in order");
  cat->add_option("PATH", options.paths, "A spool, a folder of segments, or files")->required();
  auto* const json = cat->add_flag("--json", options.json, "One JSON object per line, decoded");
  auto* const ids =
      cat->add_flag("--ids", options.ids, "Only node, boot, worker and sequence (needs --key)")
          ->excludes(json);
  auto* const kind =
      cat->add_option("--kind", options.kind, "Only access lines, or only events (both)")
          ->check(CLI::IsMember({"access", "events"}));
  cat->add_option("--fields", options.fields,
                  "26: access lines without the fields added in 2019, for who refuses 33")
      ->check(CLI::IsMember({26, 33}))
      ->excludes(json, ids, kind);
  cat->add_flag("--follow", options.follow, "Go on with what is published");
  cat->add_option("--key", options.key_file, kKeyHelp);
  return cat;
}

CLI::App* add_verify(CLI::App& app, pixel::logs::VerifyOptions& options) {
  CLI::App* const verify = app.add_subcommand("verify", "Compare segments with their manifests");
  verify->add_option("PATH", options.paths, "A spool, a folder of segments, or files")->required();
  verify->add_option("--key", options.key_file, kKeyHelp);
  return verify;
}

CLI::App* add_audit(CLI::App& app, pixel::logs::AuditOptions& options) {
  CLI::App* const audit =
      app.add_subcommand("audit", "Add up answers, lines, manifests, sequences and sinks");
  audit->add_option("--spool", options.spool, "The edge's spool")->required();
  audit->add_option("--key", options.key_file, kKeyHelp);
  auto* const config = audit->add_option("--shipper-config", options.shipper_config,
                                         "Ask pixel-shipper what its sinks hold");
  audit->add_option("--holdings", options.holdings_file, "Read what the sinks hold from a file")
      ->excludes(config);
  audit->add_option("--answered", options.answered, "Answers that a client received")
      ->check(CLI::NonNegativeNumber);
  audit->add_option("--ids", options.ids_file,
                    "Requests answered, as pixel-load --ids writes them");
  audit->add_option("--parameter", options.parameter, "The query parameter that carries them")
      ->capture_default_str();
  audit->add_flag("--drained", options.drained, "Lines that a sink does not hold yet are defects");
  audit->add_flag("--json", options.json, "The result as one JSON object");
  return audit;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reads and proves the log.", "pixel-log");
  app.set_version_flag("--version", std::string("pixel-log ") + PIXEL_VERSION);
  app.footer("Exit: 0 fine; 1 a defect, named; 2 wrong usage, or what is asked cannot be read.");
  app.require_subcommand(1);
  pixel::logs::CatOptions cat_options;
  pixel::logs::VerifyOptions verify_options;
  pixel::logs::AuditOptions audit_options;
  const CLI::App* const cat = add_cat(app, cat_options);
  const CLI::App* const verify = add_verify(app, verify_options);
  add_audit(app, audit_options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (cat->parsed()) return pixel::logs::run_cat(cat_options);
  if (verify->parsed()) return pixel::logs::run_verify(verify_options);
  return pixel::logs::run_audit(audit_options);
}
