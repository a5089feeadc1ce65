// SPDX-License-Identifier: Apache-2.0
// See file_sink.h. Order of a delivery: bytes, fdatasync, checkpoint with the new lengths. A crash
// between any two leaves bytes beyond a length, which open() cuts off.
#include "shipper/sinks/file/file_sink.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/diagnostics.h"
#include "base/file.h"
#include "shipper/deliver/checkpoint_store.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/sinks/file/file_content.h"
#include "shipper/sinks/file/file_holdings.h"
#include "shipper/sinks/file/file_output.h"

namespace pixel::shipper {
namespace {

class FileSink : public Sink {
 public:
  explicit FileSink(const FileSinkOptions& options);

  SinkTraits traits() const override {
    SinkTraits traits;
    traits.takes_lines = options_.format == FileFormat::kRaw;
    return traits;
  }
  Guarantee guarantee() const override {
    return {true, "the checkpoint holds each output's length, and what lies beyond it is cut off",
            options_.sync ? "somebody else writes to the output files or shortens them"
                          : "the machine loses power (sync = false), or somebody else writes to "
                            "the output files or shortens them"};
  }
  base::Result<Checkpoint> open() override;
  Verdict deliver(const Batch& batch) override;
  base::Status reach() override { return base::check_writable(options_.path); }
  base::Result<std::vector<Holding>> holdings() override;
  void close() override { outputs_.clear(); }

 private:
  base::Status cut_outputs(const OutputEnds& ends);
  base::Status write(const Batch& batch);
  base::Result<bool> is_stored(const Batch& batch);
  OutputEnds ends_after() const;
  void keep();
  base::Status read_file(std::size_t series, std::uint64_t number, const OutputEnd& end,
                         HoldingsReader& reader) const;

  const FileSinkOptions options_;
  CheckpointStore store_;
  FileContent content_;
  std::vector<FileOutput> outputs_;  // In the order of the series.
  bool save_failed_ = false;         // The last batch's checkpoint may be stored nevertheless.
  std::mutex mutex_;
  OutputEnds ends_;  // Guarded by mutex_ against holdings(); of series no longer configured too.
};

FileSink::FileSink(const FileSinkOptions& options)
    : options_(options), store_(options.state_directory), content_(options) {}

base::Result<Checkpoint> FileSink::open() {
  for (const auto& directory : {options_.path, options_.state_directory}) {
    if (auto status = base::create_directories(directory); !status) return status.error();
  }
  auto stored = store_.load();
  if (!stored) return stored.error();
  if (!store_.damage().empty()) {
    spdlog::error("sink {}: {}the generation before it is used", options_.name, store_.damage());
  }
  OutputEnds ends;
  Checkpoint checkpoint;
  if (stored->has_value()) {
    auto parsed = parse_output_ends((*stored)->note);
    if (!parsed) return base::Error{"checkpoint of another kind of sink: " + (*stored)->note};
    ends = std::move(*parsed);
    checkpoint = std::move((*stored)->checkpoint);
  }
  if (auto status = cut_outputs(ends); !status) return status.error();
  return checkpoint;
}

// What holds of the files is taken from `ends`; a series that is not in it has nothing yet.
base::Status FileSink::cut_outputs(const OutputEnds& ends) {
  outputs_.clear();
  OutputEnds all = ends;
  for (const FileContent::Series& series : content_.series()) {
    auto& output = outputs_.emplace_back(
        FileOutput::Options{options_.path, series.stem, series.suffix, series.header,
                            options_.max_file_bytes, options_.sync});
    if (auto status = output.cut(all[series.stem]); !status) return status;
  }
  const std::lock_guard lock(mutex_);
  ends_ = std::move(all);
  return base::ok_status();
}

base::Status FileSink::write(const Batch& batch) {
  for (FileOutput& output : outputs_) {
    if (auto status = output.begin(); !status) return status;
  }
  auto status = content_.encode(batch, [this](std::size_t series, std::string_view bytes) {
    return outputs_[series].append(bytes);
  });
  for (FileOutput& output : outputs_) {
    if (status) status = output.sync();
  }
  return status;
}

OutputEnds FileSink::ends_after() const {
  OutputEnds ends = ends_;
  for (const FileOutput& output : outputs_) ends[output.stem()] = output.end();
  return ends;
}

void FileSink::keep() {
  for (FileOutput& output : outputs_) output.keep();
  OutputEnds ends = ends_after();
  const std::lock_guard lock(mutex_);
  ends_ = std::move(ends);
}

// A save can fail after its rename: then the checkpoint counts the batch, and cutting its rows off
// would lose them. What is stored decides, once it is durable.
base::Result<bool> FileSink::is_stored(const Batch& batch) {
  if (auto status = base::sync_directory(options_.state_directory); !status) return status.error();
  auto stored = store_.load();
  if (!stored) return stored.error();
  save_failed_ = false;
  if (!stored->has_value() || (*stored)->checkpoint != batch.after) return false;
  const auto ends = parse_output_ends((*stored)->note);
  if (!ends) return base::Error{"checkpoint of another kind of sink: " + (*stored)->note};
  if (auto status = cut_outputs(*ends); !status) return status.error();
  return true;
}

Verdict FileSink::deliver(const Batch& batch) {
  if (save_failed_) {
    const auto stored = is_stored(batch);
    if (!stored) return retry(stored.error());
    if (*stored) return {};
  }
  auto status = write(batch);
  if (status) {
    status = store_.save({batch.after, to_text(ends_after())});
    save_failed_ = !status;
  }
  if (!status) return retry(status.error());
  keep();
  return {};
}

base::Status FileSink::read_file(std::size_t series, std::uint64_t number, const OutputEnd& end,
                                 HoldingsReader& reader) const {
  const FileContent::Series& names = content_.series()[series];
  const auto path = options_.path / output_file_name(names.stem, number, names.suffix);
  auto content = base::read_file(path);
  if (!content) return content.error();
  if (number == end.number) content->resize(std::min<std::size_t>(content->size(), end.bytes));
  if (options_.gzip) content = gunzip(*content);
  auto status = !content                              ? base::Status(content.error())
                : options_.format == FileFormat::kCsv ? reader.add_csv(series, *content)
                                                      : reader.add_json(series, *content);
  if (!status) return base::Error{path.string() + ": " + status.error().message};
  return base::ok_status();
}

base::Result<std::vector<Holding>> FileSink::holdings() {
  if (options_.format == FileFormat::kRaw) {
    return base::Error{
        "lines as they are do not say which segment they come from: format = "
        "\"raw\" cannot be audited, \"jsonl\" and \"csv\" can"};
  }
  OutputEnds ends;
  {
    const std::lock_guard lock(mutex_);
    ends = ends_;
  }
  HoldingsReader reader;
  for (std::size_t series = 0; series < content_.series().size(); ++series) {
    const OutputEnd end = ends[content_.series()[series].stem];
    const std::uint64_t last = end.bytes > 0 ? end.number : end.number - 1;
    for (std::uint64_t number = 1; number <= last; ++number) {
      if (auto status = read_file(series, number, end, reader); !status) return status.error();
    }
  }
  return reader.holdings();
}

}  // namespace

std::unique_ptr<Sink> make_file_sink(const FileSinkOptions& options) {
  return std::make_unique<FileSink>(options);
}

}  // namespace pixel::shipper
