// SPDX-License-Identifier: Apache-2.0
// See s3_sink.h. Order of a delivery: object by object, each only where none of its name is. A
// crash between two leaves some of them; the same batch, sent again, meets them and adds the
// others.
#include "shipper/sinks/s3/s3_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.h"
#include "shipper/encode/gzip_encoder.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/sinks/s3/s3_holdings.h"
#include "shipper/sinks/s3/s3_objects.h"
#include "shipper/sinks/s3/s3_verdict.h"
#include "shipper/transport/object_store.h"
#include "shipper/transport/pool.h"

namespace pixel::shipper {
namespace {

using s3::PlannedObject;
using s3::StoredObject;

constexpr std::uint64_t kReadBackBytesMax = base::kGiB;

/// Lines of one segment below one stem, as far as they are there.
struct Present {
  std::vector<Range> runs;          // kCloudFront: every line of the hour within them.
  std::set<std::uint64_t> offsets;  // kJsonl: rows; a line between them may be a dead letter.
  bool has(std::uint64_t offset) const {
    return offsets.contains(offset) || std::any_of(runs.begin(), runs.end(), [&](const Range& run) {
             return run.from <= offset && offset < run.to;
           });
  }
};
using PresentLines = std::map<std::pair<std::string, logfmt::SegmentId>, Present>;

std::string hash_of(const TextPieces& text) {
  base::Hasher128 hasher;
  for (const std::string_view piece : text.pieces()) hasher.update(piece);
  return hasher.hex();
}

class S3Sink final : public Sink {
 public:
  S3Sink(std::vector<TableSpec> tables, S3SinkSettings settings)
      : tables_(std::move(tables)),
        settings_(std::move(settings)),
        store_(settings_.store),
        index_(store_, settings_) {}

  SinkTraits traits() const override {
    SinkTraits traits;
    traits.keeps_checkpoint = false;
    traits.takes_lines = settings_.format == S3Format::kCloudFront;
    traits.concurrency_max = settings_.concurrency;
    return traits;
  }
  Guarantee guarantee() const override {
    const std::string how = settings_.store.conditional
                                ? "If-None-Match keeps what is there"
                                : "writing them twice leaves the same bytes";
    return {true,
            "names and content of objects follow from the journaled range of lines, and " + how,
            "another program writes to the prefix, or the shipper's state directory is lost"};
  }
  base::Result<Checkpoint> open() override {
    if (auto status = reach(); !status) return status.error();
    return Checkpoint{};
  }
  Verdict deliver(const Batch& batch) override {
    return put_all(batch, s3::plan_objects(batch, settings_, tables_));
  }
  base::Status reach() override;
  base::Result<std::string> initialise(bool dry_run) override;
  Verdict restore(const Batch& batch) override;
  base::Result<std::vector<Holding>> holdings() override;

 private:
  std::string list_prefix() const { return settings_.prefix.empty() ? "" : settings_.prefix + "/"; }
  Verdict put_all(const Batch& batch, const std::vector<PlannedObject>& objects);
  StoreStatus put(const std::string& token, const PlannedObject& object);
  base::Result<PresentLines> read_present(const std::vector<PlannedObject>& objects);
  base::Status read_rows(const std::string& key, const std::string& stem, PresentLines& present);

  const std::vector<TableSpec> tables_;
  const S3SinkSettings settings_;
  ObjectStore store_;
  s3::ObjectIndex index_;
  Pool<GzipEncoder> encoders_{[] { return std::make_unique<GzipEncoder>(); }};
};

base::Status S3Sink::reach() {
  if (auto status = store_.prepare(); !status) return status;
  if (auto status = store_.reach(); !status) return base::Error{status.error().message};
  return base::ok_status();
}

base::Result<std::string> S3Sink::initialise(bool dry_run) {
  const std::string& bucket = settings_.store.bucket;
  if (auto status = store_.prepare(); !status) return status.error();
  const auto reached = store_.reach();
  if (reached) return "bucket " + bucket + " is there\n";
  if (reached.error().code != "NoSuchBucket") return base::Error{reached.error().message};
  if (dry_run) return "would make bucket " + bucket + "\n";
  if (auto status = store_.create_bucket(); !status) return base::Error{status.error().message};
  return "made bucket " + bucket + "\n";
}

StoreStatus S3Sink::put(const std::string& token, const PlannedObject& object) {
  PutOptions options;
  options.content_type = settings_.gzip ? "application/gzip" : "application/x-ndjson";
  options.metadata = {{std::string(s3::kBatchMark), token},
                      {std::string(s3::kRangesMark), s3::ranges_text(object.ranges)},
                      {"pixel-lines", std::to_string(object.lines)},
                      {"pixel-xxh3", hash_of(object.text)}};
  if (object.is_restored) options.metadata.emplace_back(s3::kRestoredMark, "yes");
  options.compare_length = false;  // The hash is that of the text.
  if (!settings_.gzip) return store_.put(object.key, object.text.joined(), options);
  const auto encoder = encoders_.borrow();
  const auto member = encoder->encode(object.text.pieces());
  if (!member) return StoreError{StoreError::Kind::kRetry, member.error().message, 0, ""};
  return store_.put(object.key, *member, options);
}

Verdict S3Sink::put_all(const Batch& batch, const std::vector<PlannedObject>& objects) {
  const std::string token = batch.token();
  for (const PlannedObject& object : objects) {
    if (auto status = put(token, object); !status) return s3::verdict_of(status.error());
    index_.add(object);
  }
  return acked();
}

// Which lines lie in the hours that the batch touches. Rows are read one by one, because a line
// between two of them may have been a dead letter that is now wanted.
base::Result<PresentLines> S3Sink::read_present(const std::vector<PlannedObject>& objects) {
  PresentLines present;
  std::set<std::string> stems;
  for (const PlannedObject& object : objects) stems.insert(object.stem);
  for (const std::string& stem : stems) {
    const auto stored = index_.read(stem);
    if (!stored) return stored.error();
    for (const auto& [key, object] : *stored) {
      if (settings_.format == S3Format::kJsonl) {
        if (auto status = read_rows(key, stem, present); !status) return status.error();
        continue;
      }
      for (const Range& run : object.ranges) present[{stem, run.segment}].runs.push_back(run);
    }
  }
  return present;
}

base::Status S3Sink::read_rows(const std::string& key, const std::string& stem,
                               PresentLines& present) {
  auto content = store_.get(key, kReadBackBytesMax);
  if (!content) return base::Error{content.error().message};
  auto text = settings_.gzip ? gunzip(*content) : base::Result<std::string>(std::move(*content));
  if (!text) return base::Error{key + ": " + text.error().message};
  std::string_view lines = *text;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    const auto row = nlohmann::json::parse(lines.substr(0, end), nullptr, false);
    lines.remove_prefix(end);
    const bool has_lineage = row.is_object() &&
                             row.value("_segment", nlohmann::json()).is_string() &&
                             row.value("_offset", nlohmann::json()).is_number_unsigned();
    if (!has_lineage) return base::Error{key + " has a row without _segment and _offset"};
    const auto segment = logfmt::parse_segment(row["_segment"].get<std::string>());
    if (!segment) return base::Error{key + " has a row whose _segment is no segment"};
    present[{stem, *segment}].offsets.insert(row["_offset"].get<std::uint64_t>());
  }
  return base::ok_status();
}

Verdict S3Sink::restore(const Batch& batch) {
  const auto present = read_present(s3::plan_objects(batch, settings_, tables_));
  if (!present) return retry(present.error());
  const s3::Wanted wanted = [&](const std::string& stem, const logfmt::SegmentId& segment,
                                std::uint64_t offset) {
    const auto found = present->find({stem, segment});
    return found == present->end() || !found->second.has(offset);
  };
  auto objects = s3::plan_objects(batch, settings_, tables_, wanted);
  if (!present->empty()) {
    for (PlannedObject& object : objects) s3::rename_restored(object);
  }
  return put_all(batch, objects);
}

base::Result<std::vector<Holding>> S3Sink::holdings() {
  const auto objects = index_.read(list_prefix());
  if (!objects) return objects.error();
  return s3::sum_up(*objects);
}

}  // namespace

std::unique_ptr<Sink> create_s3_sink(std::vector<TableSpec> tables, S3SinkSettings settings) {
  return std::make_unique<S3Sink>(std::move(tables), std::move(settings));
}

}  // namespace pixel::shipper
