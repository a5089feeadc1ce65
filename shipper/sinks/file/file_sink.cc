// SPDX-License-Identifier: Apache-2.0
// See file_sink.h. Order of a delivery: bytes, which may come while the batch is gathered,
// fdatasync, checkpoint with the new lengths. A crash between any two leaves bytes beyond a length,
// which open() cuts off. Before the first byte of a series a checkpoint knows it, with a length of
// 0.
#include "shipper/sinks/file/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "base/diagnostics.h"
#include "base/file.h"
#include "base/unique_fd.h"
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
    traits.can_be_audited = options_.format != FileFormat::kRaw;
    // A gzip member for every few rows would compress badly.
    traits.writes_early = options_.format != FileFormat::kRaw && !options_.gzip;
    return traits;
  }
  Guarantee guarantee() const override {
    return {true, "the checkpoint holds each output's length, and what lies beyond it is cut off",
            options_.sync ? "somebody else writes to the output files or shortens them"
                          : "the machine loses power (sync = false), or somebody else writes to "
                            "the output files or shortens them"};
  }
  base::Result<Checkpoint> open() override;
  base::Status write_early(const std::vector<RowBlock>& tables) override;
  Verdict deliver(const Batch& batch) override;
  base::Status reach() override { return base::check_writable(options_.path); }
  base::Result<std::vector<Holding>> holdings() override;
  Verdict restore(const Batch& batch) override;
  void close() override {
    outputs_.clear();
    lock_.reset();
  }

 private:
  using Encode = std::function<base::Status(const FileContent::Write&)>;
  base::Status take_lock();
  base::Status refuse_unknown_files(const OutputEnds& ends) const;
  base::Status cut_outputs(const OutputEnds& ends);
  base::Status begin();
  bool has_begun() const;
  base::Status append(const Encode& encode);
  base::Status sync();
  base::Status write(const Encode& encode);
  base::Status write_missing(const Batch& batch);
  base::Status read_present();
  base::Status read_files(HoldingsReader& reader);
  base::Result<bool> is_stored(const Batch& batch);
  OutputEnds ends_after() const;
  void keep();
  base::Status read_file(std::size_t series, std::uint64_t number, const OutputEnd& end,
                         HoldingsReader& reader) const;

  const FileSinkOptions options_;
  CheckpointStore store_;
  FileContent content_;
  base::UniqueFd lock_;
  std::vector<FileOutput> outputs_;  // In the order of the series.
  bool save_failed_ = false;         // The last batch's checkpoint may be stored nevertheless.
  Checkpoint checkpoint_;            // As it is stored.
  /// The rows that are there, of a sink that restores; they are read once.
  std::optional<HoldingsReader> present_;
  std::mutex mutex_;
  OutputEnds ends_;  // Guarded by mutex_ against holdings(); of series no longer configured too.
};

FileSink::FileSink(const FileSinkOptions& options)
    : options_(options), store_(options.state_directory), content_(options) {}

// The directory itself is the lock: nothing of ours lies among the files. One that is held is kept:
// open() may be tried again.
base::Status FileSink::take_lock() {
  if (lock_) return base::ok_status();
  auto directory = base::open_file(options_.path, O_RDONLY | O_DIRECTORY);
  if (!directory) return directory.error();
  if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) {
    return base::Error{options_.path.string() +
                       " is written by another sink or shipper (the folder is locked): give each a "
                       "path of its own"};
  }
  lock_ = std::move(*directory);
  return base::ok_status();
}

// Files of a series that the checkpoint does not know are not ours to cut: its state was lost, or
// the sink has another name now. All of ours are known, by the checkpoint that open() stores.
base::Status FileSink::refuse_unknown_files(const OutputEnds& ends) const {
  const auto names = base::list_directory(options_.path);
  if (!names) return names.error();
  for (const FileContent::Series& series : content_.series()) {
    if (ends.contains(series.stem)) continue;
    for (const std::string& name : *names) {
      std::error_code error;
      const bool is_of_series =
          name.starts_with(series.stem + "-") && name.ends_with(series.suffix);
      if (!is_of_series || std::filesystem::file_size(options_.path / name, error) == 0) continue;
      return base::Error{fmt::format(
          "{} is there already, and the state of sink {} in {} knows nothing of it: restore the "
          "state, or move the files away to begin anew",
          (options_.path / name).string(), options_.name, options_.state_directory.string())};
    }
  }
  return base::ok_status();
}

base::Result<Checkpoint> FileSink::open() {
  for (const auto& directory : {options_.path, options_.state_directory}) {
    if (auto status = base::create_directories(directory); !status) return status.error();
  }
  if (auto status = take_lock(); !status) return status.error();
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
  if (auto status = refuse_unknown_files(ends); !status) return status.error();
  if (auto status = cut_outputs(ends); !status) return status.error();
  if (ends_ != ends) {
    auto status = store_.save({checkpoint, to_text(ends_)});
    if (!status) return status.error();
  }
  present_.reset();
  checkpoint_ = checkpoint;
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

// What an attempt before this one left is cut off.
base::Status FileSink::begin() {
  for (FileOutput& output : outputs_) {
    if (auto status = output.begin(); !status) return status;
  }
  return base::ok_status();
}

base::Status FileSink::append(const Encode& encode) {
  return encode([this](std::size_t series, std::string_view bytes) {
    return outputs_[series].append(bytes);
  });
}

base::Status FileSink::sync() {
  for (FileOutput& output : outputs_) {
    if (auto status = output.sync(); !status) return status;
  }
  return base::ok_status();
}

base::Status FileSink::write(const Encode& encode) {
  if (auto status = begin(); !status) return status;
  if (auto status = append(encode); !status) return status;
  return sync();
}

// Rows of a batch that does not count yet lie behind what does.
bool FileSink::has_begun() const {
  return std::any_of(outputs_.begin(), outputs_.end(),
                     [](const FileOutput& output) { return output.end() != output.kept(); });
}

base::Status FileSink::write_early(const std::vector<RowBlock>& tables) {
  if (!has_begun()) {
    if (auto status = begin(); !status) return status;
  }
  return append([&](const auto& append) { return content_.encode(tables, append); });
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
    if (*stored) {
      checkpoint_ = batch.after;
      return {};
    }
  }
  auto status = batch.is_written
                    ? sync()
                    : write([&](const auto& append) { return content_.encode(batch, append); });
  if (status) {
    status = store_.save({batch.after, to_text(ends_after())});
    save_failed_ = !status;
  }
  if (!status) return retry(status.error());
  keep();
  checkpoint_ = batch.after;
  return {};
}

// Only what is not there, at the end of the newest file; the checkpoint keeps its place and gets
// the new length.
base::Status FileSink::write_missing(const Batch& batch) {
  const auto is_missing = [&](std::size_t table, std::size_t row) {
    const TableSpec& spec = options_.tables[table];
    const auto& columns = batch.tables[table].columns;
    const auto segment =
        logfmt::parse_segment(columns[spec.find(ColumnSource::kSegment)][row].text());
    const std::int64_t offset = columns[spec.find(ColumnSource::kOffset)][row].integer;
    return !segment || !present_->has(table, *segment, offset);
  };
  auto status =
      write([&](const auto& append) { return content_.encode_some(batch, is_missing, append); });
  if (status) status = store_.save({checkpoint_, to_text(ends_after())});
  if (status) keep();
  return status;
}

base::Status FileSink::read_present() {
  if (present_) return base::ok_status();
  HoldingsReader reader;
  if (auto status = read_files(reader); !status) return status;
  (void)reader.holdings();
  present_ = std::move(reader);
  return base::ok_status();
}

Verdict FileSink::restore(const Batch& batch) {
  if (options_.format == FileFormat::kRaw) {
    return rejected(
        "format = \"raw\": lines as they are do not say which ones they are: replay is not "
        "possible");
  }
  for (const TableSpec& spec : options_.tables) {
    const bool has_lineage = spec.find(ColumnSource::kSegment) < spec.columns.size() &&
                             spec.find(ColumnSource::kOffset) < spec.columns.size();
    if (!has_lineage) {
      return rejected("a table without _segment and _offset cannot tell which rows it has");
    }
  }
  if (save_failed_) {
    // Its rows may count: what is stored decides, as after a crash.
    if (auto opened = open(); !opened) return retry(opened.error());
    save_failed_ = false;
  }
  if (auto status = read_present(); !status) return rejected(status.error().message);
  auto status = write_missing(batch);
  save_failed_ = !status;
  return status ? Verdict{} : retry(status.error());
}

base::Status FileSink::read_file(std::size_t series, std::uint64_t number, const OutputEnd& end,
                                 HoldingsReader& reader) const {
  const FileContent::Series& names = content_.series()[series];
  const auto path = options_.path / output_file_name(names.stem, number, names.suffix);
  std::error_code error;
  // Who takes finished files away takes their rows away.
  if (number != end.number && !std::filesystem::exists(path, error)) return base::ok_status();
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
  HoldingsReader reader;
  if (auto status = read_files(reader); !status) return status.error();
  return reader.holdings();
}

base::Status FileSink::read_files(HoldingsReader& reader) {
  OutputEnds ends;
  {
    const std::lock_guard lock(mutex_);
    ends = ends_;
  }
  for (std::size_t series = 0; series < content_.series().size(); ++series) {
    const OutputEnd end = ends[content_.series()[series].stem];
    const std::uint64_t last = end.bytes > 0 ? end.number : end.number - 1;
    for (std::uint64_t number = 1; number <= last; ++number) {
      if (auto status = read_file(series, number, end, reader); !status) return status;
    }
  }
  return base::ok_status();
}

}  // namespace

std::unique_ptr<Sink> make_file_sink(const FileSinkOptions& options) {
  return std::make_unique<FileSink>(options);
}

}  // namespace pixel::shipper
