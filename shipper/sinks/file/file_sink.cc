// SPDX-License-Identifier: Apache-2.0
// See file_sink.h. Order of a delivery: bytes, fdatasync, checkpoint with the new length. A crash
// between any two leaves bytes beyond the length, which open() cuts off.
#include "shipper/sinks/file/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <mutex>
#include <optional>

#include "base/diagnostics.h"
#include "base/file.h"
#include "shipper/deliver/checkpoint_store.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/encode/json_lines.h"
#include "shipper/sinks/file/file_holdings.h"

namespace pixel::shipper {
namespace {

/// Where the output ends: the checkpoint's note, "<file number> <length>".
struct OutputEnd {
  std::uint64_t number = 1;
  std::uint64_t bytes = 0;
};

std::optional<OutputEnd> parse_output_end(std::string_view note) {
  OutputEnd end;
  const char* const stop = note.data() + note.size();
  const auto number = std::from_chars(note.data(), stop, end.number);
  if (number.ec != std::errc() || number.ptr == stop || *number.ptr != ' ') return std::nullopt;
  const auto bytes = std::from_chars(number.ptr + 1, stop, end.bytes);
  if (bytes.ec != std::errc() || bytes.ptr != stop || end.number == 0) return std::nullopt;
  return end;
}

class FileSink : public Sink {
 public:
  explicit FileSink(const FileSinkOptions& options)
      : options_(options), store_(options.state_directory) {
    const bool is_mixed = options.tables.size() > 1;
    for (const TableSpec& table : options.tables) {
      encoders_.emplace_back(table.columns, is_mixed ? table.name : "");
    }
  }

  Guarantee guarantee() const override {
    return {true, "the checkpoint holds the output's length, and what lies beyond it is cut off",
            "somebody else writes to the output files or shortens them"};
  }
  base::Result<Checkpoint> open() override;
  Verdict deliver(const Batch& batch) override;
  base::Result<std::vector<Holding>> holdings() override;
  void close() override { fd_.reset(); }

 private:
  std::filesystem::path file(std::uint64_t number) const {
    return options_.path / output_file_name(number, options_.gzip);
  }
  base::Status open_output(const OutputEnd& end);
  base::Status remove_later_files();
  base::Status write(const Batch& batch, OutputEnd& end);
  base::Result<bool> is_stored(const Batch& batch);
  void set_end(const OutputEnd& end) {
    const std::lock_guard lock(mutex_);
    end_ = end;
  }

  const FileSinkOptions options_;
  CheckpointStore store_;
  std::vector<JsonLines> encoders_;  // In the order of the tables.
  base::UniqueFd fd_;
  std::uint64_t open_number_ = 0;  // Of the file behind fd_.
  bool save_failed_ = false;       // The last batch's checkpoint may be stored nevertheless.
  std::mutex mutex_;
  OutputEnd end_;  // Guarded by mutex_ against holdings().
};

base::Result<Checkpoint> FileSink::open() {
  for (const auto& directory : {options_.path, options_.state_directory}) {
    if (auto status = base::create_directories(directory); !status) return status.error();
  }
  auto stored = store_.load();
  if (!stored) return stored.error();
  if (!store_.damage().empty()) {
    spdlog::error("sink {}: {}the generation before it is used", options_.name, store_.damage());
  }
  OutputEnd end;
  Checkpoint checkpoint;
  if (stored->has_value()) {
    const auto parsed = parse_output_end((*stored)->note);
    if (!parsed) return base::Error{"checkpoint of another kind of sink: " + (*stored)->note};
    end = *parsed;
    checkpoint = std::move((*stored)->checkpoint);
  }
  set_end(end);
  if (auto status = open_output(end); !status) return status.error();
  if (auto status = remove_later_files(); !status) return status.error();
  return checkpoint;
}

// Opens the file the end lies in and cuts what is beyond it.
base::Status FileSink::open_output(const OutputEnd& end) {
  const auto path = file(end.number);
  fd_.reset();
  auto fd = base::open_file(path, O_RDWR | O_CREAT, 0640);
  if (!fd) return fd.error();
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return base::errno_error("cannot stat", path, errno);
  if (static_cast<std::uint64_t>(info.st_size) < end.bytes) {
    return base::Error{fmt::format("{} has {} bytes, but {} were delivered to it: rows are missing",
                                   path.string(), info.st_size, end.bytes)};
  }
  if (::ftruncate(fd->get(), static_cast<off_t>(end.bytes)) != 0) {
    return base::errno_error("cannot cut", path, errno);
  }
  fd_ = std::move(fd).value();
  open_number_ = end.number;
  return base::sync_directory(options_.path);
}

base::Status FileSink::remove_later_files() {
  std::error_code error;
  for (std::uint64_t number = end_.number + 1; std::filesystem::remove(file(number), error);) {
    ++number;
  }
  return base::ok_status();
}

base::Status FileSink::write(const Batch& batch, OutputEnd& end) {
  if (end.bytes >= options_.max_file_bytes) end = {end.number + 1, 0};
  // Reopening also cuts off what a failed attempt left.
  if (!fd_ || open_number_ != end.number) {
    if (auto status = open_output(end); !status) return status;
  }
  std::string joined;
  std::string_view text;
  for (std::size_t i = 0; i < encoders_.size(); ++i) {
    const std::string_view part = encoders_[i].encode(batch.tables[i]);
    if (encoders_.size() > 1) joined += part;
    text = encoders_.size() > 1 ? std::string_view(joined) : part;
  }
  std::string member;
  if (options_.gzip && !text.empty()) {
    auto compressed = gzip_member(text);
    if (!compressed) return compressed.error();
    member = std::move(compressed).value();
    text = member;
  }
  if (text.empty()) return base::ok_status();
  const auto path = file(end.number);
  if (::lseek(fd_.get(), static_cast<off_t>(end.bytes), SEEK_SET) < 0) {
    return base::errno_error("cannot seek", path, errno);
  }
  if (auto status = base::write_all(fd_.get(), text, path); !status) return status;
  if (::fdatasync(fd_.get()) != 0) return base::errno_error("cannot sync", path, errno);
  end.bytes += text.size();
  return base::ok_status();
}

// A save can fail after its rename: then the checkpoint counts the batch, and cutting its rows off
// would lose them. What is stored decides, once it is durable.
base::Result<bool> FileSink::is_stored(const Batch& batch) {
  if (auto status = base::sync_directory(options_.state_directory); !status) return status.error();
  auto stored = store_.load();
  if (!stored) return stored.error();
  save_failed_ = false;
  if (!stored->has_value() || (*stored)->checkpoint != batch.after) return false;
  const auto end = parse_output_end((*stored)->note);
  if (!end) return base::Error{"checkpoint of another kind of sink: " + (*stored)->note};
  set_end(*end);
  return true;
}

Verdict FileSink::deliver(const Batch& batch) {
  if (save_failed_) {
    const auto stored = is_stored(batch);
    if (!stored) return retry(stored.error());
    if (*stored) return {};
  }
  OutputEnd end = end_;
  auto status = write(batch, end);
  if (status) {
    status = store_.save({batch.after, fmt::format("{} {}", end.number, end.bytes)});
    save_failed_ = !status;
  }
  if (!status) {
    fd_.reset();
    return retry(status.error());
  }
  set_end(end);
  return {};
}

base::Result<std::vector<Holding>> FileSink::holdings() {
  OutputEnd end;
  {
    const std::lock_guard lock(mutex_);
    end = end_;
  }
  HoldingsReader reader;
  for (std::uint64_t number = 1; number <= end.number; ++number) {
    auto content = base::read_file(file(number));
    if (!content) return content.error();
    if (number == end.number) content->resize(std::min<std::size_t>(content->size(), end.bytes));
    if (options_.gzip) content = gunzip(*content);
    if (!content) return base::Error{file(number).string() + ": " + content.error().message};
    if (auto status = reader.add(*content); !status) {
      return base::Error{file(number).string() + ": " + status.error().message};
    }
  }
  return reader.holdings();
}

}  // namespace

std::string output_file_name(std::uint64_t number, bool gzip) {
  return fmt::format("requests-{:08}.jsonl{}", number, gzip ? ".gz" : "");
}

std::unique_ptr<Sink> make_file_sink(const FileSinkOptions& options) {
  return std::make_unique<FileSink>(options);
}

}  // namespace pixel::shipper
