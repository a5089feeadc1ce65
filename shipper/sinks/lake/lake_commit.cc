// SPDX-License-Identifier: Apache-2.0
// COLD: see lake_commit.h.
#include "shipper/sinks/lake/lake_commit.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"

namespace pixel::shipper::lake {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr unsigned kFormatVersion = 1;

json body_of(const Commit& commit) {
  json added = json::array();
  for (const AddedFile& file : commit.added) {
    added.push_back({{"staged", file.staged}, {"partition", file.partition}, {"name", file.name}});
  }
  json removed = json::array();
  for (const RemovedFile& file : commit.removed) {
    removed.push_back({{"partition", file.partition}, {"name", file.name}});
  }
  return {{"format_version", kFormatVersion},
          {"number", commit.number},
          {"checkpoint", to_text(commit.checkpoint)},
          {"added", added},
          {"removed", removed},
          {"columns", commit.columns}};
}

// Reads what body_of wrote; nlohmann throws on any other shape, caught by parse_commit.
Commit commit_of(const json& body, Checkpoint checkpoint) {
  Commit commit;
  body.at("number").get_to(commit.number);
  commit.checkpoint = std::move(checkpoint);
  for (const json& file : body.at("added")) {
    commit.added.push_back({file.at("staged").get<std::string>(),
                            file.at("partition").get<std::string>(),
                            file.at("name").get<std::string>()});
  }
  for (const json& file : body.at("removed")) {
    commit.removed.push_back(
        {file.at("partition").get<std::string>(), file.at("name").get<std::string>()});
  }
  body.at("columns").get_to(commit.columns);
  return commit;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

base::Result<Commit> read_commit(const fs::path& path) {
  auto text = base::read_file(path);
  if (!text) return text.error();
  auto commit = parse_commit(*text);
  if (!commit) return base::Error{path.string() + ": " + commit.error().message};
  return commit;
}

}  // namespace

std::string to_text(const Commit& commit) {
  const std::string body = body_of(commit).dump();
  return fmt::format("{{\"commit\":{},\"xxh3_64\":\"{:016x}\"}}\n", body, base::hash64(body));
}

base::Result<Commit> parse_commit(std::string_view text) {
  const base::Error damaged{"the commit record is cut or changed"};
  const json whole = json::parse(text, nullptr, false);
  if (!whole.is_object() || !whole.contains("commit")) return damaged;
  try {
    const json& body = whole.at("commit");
    if (body.at("format_version") != kFormatVersion) {
      return base::Error{"the commit record is of a version that this program does not read"};
    }
    auto checkpoint = parse_checkpoint(body.at("checkpoint").get<std::string>());
    if (!checkpoint) return checkpoint.error();
    Commit commit = commit_of(body, std::move(*checkpoint));
    // What JSON would forgive shows when it is written again.
    if (to_text(commit) != text) return damaged;
    return commit;
  } catch (const json::exception&) {
    return damaged;
  }
}

base::Result<LoadedCommit> load_commit(const LakePaths& paths) {
  if (!is_there(paths.commit) && !is_there(paths.previous_commit)) return LoadedCommit{};
  auto last = read_commit(paths.commit);
  if (last) return LoadedCommit{std::move(*last), false};
  auto previous = read_commit(paths.previous_commit);
  if (!previous) return last.error();
  return LoadedCommit{std::move(*previous), true};
}

base::Status store_commit(const LakePaths& paths, const Commit& commit, const StepHook& at_step) {
  // Kept only when it is whole and was the last one made: a record of the same number belongs to
  // an attempt that failed.
  if (auto last = read_commit(paths.commit); last && last->number < commit.number) {
    auto kept = base::write_file_atomic(paths.previous_commit, to_text(*last));
    if (!kept) return kept;
  }
  if (at_step) at_step("previous record kept");
  return base::write_file_atomic(paths.commit, to_text(commit));
}

}  // namespace pixel::shipper::lake
