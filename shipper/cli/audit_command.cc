// SPDX-License-Identifier: Apache-2.0
// pixel-shipper audit: each sink against the log; with --repair what is missing is read again.
// COLD.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <future>

#include "shipper/audit.h"
#include "shipper/cli/job_client.h"
#include "shipper/offline.h"
#include "shipper/report.h"

namespace pixel::shipper::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string sink;
  std::string accepted;  // Why a loss is; "": it is not.
  bool repair = false;
};

base::Result<std::vector<SinkHoldings>> read_holdings(const Config& config) {
  const auto reply = ask(config, "/holdings");
  return reply ? parse_holdings(reply->body) : offline_holdings(config);
}

base::Result<std::vector<SinkAudit>> audit_all(const Config& config,
                                               const std::vector<SinkConfig>& sinks) {
  // The holdings before the catalogue: it then knows every segment of them.
  const auto held = read_holdings(config);
  if (!held) return held.error();
  Catalogue catalogue(config.spool);
  if (auto status = catalogue.scan(); !status) return status.error();
  Retention retention(config.spool, config.state, config.retention);
  if (auto status = retention.open(); !status) return status.error();
  ProgressBar bar("audit");
  std::vector<SinkAudit> audits;
  for (const SinkConfig& sink : sinks) {
    JobProgress progress;
    const auto found = std::find_if(held->begin(), held->end(),
                                    [&](const SinkHoldings& one) { return one.name == sink.name; });
    const SinkHoldings unknown{sink.name,
                               base::Error{"the running shipper does not know it: "
                                           "reload the settings"},
                               nullptr, kNoLanes};
    auto audit = std::async(std::launch::async, [&] {
      return audit_sink(config, sink, found == held->end() ? unknown : *found,
                        *catalogue.snapshot(), retention.books(), progress);
    });
    while (audit.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
      bar.show(progress.bytes_done, progress.bytes_total, progress.lines);
    }
    audits.push_back(audit.get());
  }
  return audits;
}

// Reads the segments again of which rows are missing.
base::Status repair(const Config& config, const std::vector<SinkAudit>& audits, bool as_json) {
  for (const SinkAudit& audit : audits) {
    JobRequest request;
    request.sink = audit.name;
    for (const SegmentFinding& finding : audit.findings) {
      if (finding.missing > 0 && finding.can_be_read) {
        request.selection.segments.push_back(finding.segment);
      }
    }
    if (request.selection.segments.empty()) continue;
    const auto report = run_and_watch(config, request);
    if (!report) return report.error();
    if (!as_json) print("repair: " + describe(*report));
  }
  return base::ok_status();
}

base::Result<std::uint64_t> missing_lines(const Config& config, const std::string& name) {
  std::string text;
  if (const auto reply = ask(config, "/status")) {
    text = reply->body;
  } else {
    const auto state = offline_state(config);
    if (!state) return state.error();
    text = status_json(*state);
  }
  const json status = json::parse(text, nullptr, false);
  for (const json& sink : status.is_object() ? status.value("sinks", json::array()) : json()) {
    if (sink.value("name", "") != name) continue;
    // What it lacks is in its checkpoint, which nobody has read yet.
    if (sink.value("state", "") == "opening") return base::Error{"sink " + name + " is not open"};
    return sink.value("missing", std::uint64_t{0});
  }
  return base::Error{"the running shipper does not know sink " + name + ": reload the settings"};
}

// The books stay as they are: the decision lies beside them, with its reason.
int accept_loss(const Invocation& invocation, const Config& config, const Options& options) {
  const auto missing = missing_lines(config, options.sink);
  if (!missing) return fail(invocation, missing.error().message);
  if (*missing > 0) {
    const AcceptedLoss loss{*missing, unix_now(), options.accepted};
    if (auto done = write_accepted_loss(config.sink_state(options.sink), loss); !done) {
      return fail(invocation, done.error().message);
    }
  }
  print(invocation.as_json
            ? json{{"sink", options.sink}, {"accepted", *missing}}.dump()
            : fmt::format("sink {}: {}", options.sink,
                          *missing == 0
                              ? "nothing is missing, nothing is changed"
                              : fmt::format("the loss of {} lines is accepted; more would "
                                            "be LOST again",
                                            *missing)));
  return kFine;
}

int audit(const Invocation& invocation, const Options& options) {
  const auto config = load(invocation);
  if (!config) return kWrongUsage;
  const auto sinks = pick_sinks(invocation, *config, options.sink);
  if (!sinks) return kWrongUsage;
  if (!options.accepted.empty()) return accept_loss(invocation, *config, options);
  auto audits = audit_all(*config, *sinks);
  if (!audits) return fail(invocation, audits.error().message);
  if (options.repair) {
    if (auto done = repair(*config, *audits, invocation.as_json); !done) {
      return fail(invocation, done.error().message);
    }
    audits = audit_all(*config, *sinks);
    if (!audits) return fail(invocation, audits.error().message);
  }
  print(invocation.as_json ? audit_json(*audits) : audit_screen(*audits));
  const bool fine = std::all_of(audits->begin(), audits->end(),
                                [](const SinkAudit& one) { return one.is_fine(); });
  return fine ? kFine : kFailed;
}

}  // namespace

void add_audit(CLI::App& app, Invocation& invocation) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(
      app, invocation, "audit", "Compare each sink with the log, and name what is missing or twice",
      "audit --sink lake --repair\n"
      "Exits with 1 where rows are missing or twice. From the answers of the edge to the log:\n"
      "pixel-log audit.");
  CLI::Option* const sink = command->add_option("--sink", options->sink, "Only this one");
  CLI::Option* const repair = command->add_flag("--repair", options->repair,
                                                "Replay the segments of which rows are missing");
  command
      ->add_option("--accept-loss", options->accepted,
                   "No audit: record that what is missing is known, and why; status is no longer "
                   "LOST for it")
      ->type_name("REASON")
      ->check([](const std::string& reason) { return reason.empty() ? "say why" : ""; })
      ->needs(sink)
      ->excludes(repair);
  command->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return audit(invocation, *options); };
  });
}

}  // namespace pixel::shipper::cli
