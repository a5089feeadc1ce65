// SPDX-License-Identifier: Apache-2.0
// See lake_upload.h. COLD.
#include "shipper/sinks/lake/lake_upload.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/diagnostics.h"
#include "base/file.h"
#include "base/hash.h"

namespace pixel::shipper::lake {
namespace {

constexpr std::size_t kQueueMax = 1000;
constexpr std::uint64_t kPauseFirstNs = base::kSecondNs;
constexpr std::uint64_t kPauseMaxNs = 60 * base::kSecondNs;

/// A file's bytes where the page cache has them: files are as large as the lake's target.
class MappedFile {
 public:
  ~MappedFile() {
    if (bytes_ > 0) ::munmap(data_, bytes_);
  }
  MappedFile() = default;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  base::Status open(const std::filesystem::path& path) {
    auto fd = base::open_file(path, O_RDONLY);
    if (!fd) return fd.error();
    struct stat info {};
    if (::fstat(fd->get(), &info) != 0) return base::errno_error("stat", path, errno);
    const auto bytes = static_cast<std::size_t>(info.st_size);
    if (bytes == 0) return base::ok_status();
    void* const data = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd->get(), 0);
    if (data == MAP_FAILED) return base::errno_error("map", path, errno);
    data_ = data;
    bytes_ = bytes;
    return base::ok_status();
  }
  std::string_view content() const { return {static_cast<const char*>(data_), bytes_}; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

S3Settings with_stop(S3Settings settings, std::shared_ptr<const std::atomic<bool>> stop) {
  settings.http.stop = std::move(stop);
  return settings;
}

std::string relative_name(const LakeFile& file) { return file.partition + "/" + file.name; }

}  // namespace

Uploader::Uploader(const LakeUpload& upload, const LakePaths& paths)
    : upload_(upload),
      paths_(paths),
      stopping_(std::make_shared<std::atomic<bool>>(false)),
      store_(with_stop(upload.store, stopping_)),
      log_(paths.state / "uploads.log") {}

base::Status Uploader::open(FileIndex& index) {
  stop();
  if (auto prepared = store_.prepare(); !prepared) return prepared;
  const std::lock_guard lock(mutex_);
  auto loaded = log_.open();
  if (!loaded) return loaded.error();
  if (loaded->is_damaged) {
    spdlog::error("lake: uploads.log is damaged: every file there is goes to S3 as it is");
  }
  UploadLog::Files kept;  // A file that is gone needs no memory.
  queue_.clear();
  for (auto& [partition, files] : index) {
    for (LakeFile& file : files) {
      const std::string name = relative_name(file);
      const auto known = loaded->files.find(name);
      const bool is_done = known != loaded->files.end() && known->second;
      file.is_final = known != loaded->files.end() || loaded->is_damaged;
      if (!file.is_final) continue;
      kept[name] = is_done;
      if (!is_done) queue_.push_back(name);
    }
  }
  if (auto written = log_.rewrite(kept); !written) return written;
  stopping_->store(false);
  thread_ = std::thread([this] { run(); });
  return base::ok_status();
}

bool Uploader::has_room() {
  const std::lock_guard lock(mutex_);
  return queue_.size() < kQueueMax;
}

base::Status Uploader::take(LakeFile& file) {
  const std::lock_guard lock(mutex_);
  const std::string name = relative_name(file);
  // After an error nothing of it was sent, so it may still be merged.
  if (auto noted = log_.add(name, false); !noted) return noted;
  file.is_final = true;
  queue_.push_back(name);
  changed_.notify_all();
  return base::ok_status();
}

void Uploader::stop() {
  stopping_->store(true);
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

base::Status Uploader::reach() const {
  ObjectStore store(upload_.store);
  if (auto prepared = store.prepare(); !prepared) return prepared;
  if (auto reached = store.reach(); !reached) return base::Error{reached.error().message};
  return base::ok_status();
}

bool Uploader::pause(std::uint64_t ns) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::nanoseconds(ns), [&] { return stopping_->load(); });
}

void Uploader::run() {
  std::uint64_t pause_ns = kPauseFirstNs;
  while (!stopping_->load()) {
    std::string file;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_->load() || !queue_.empty(); });
      if (stopping_->load()) return;
      file = queue_.front();
    }
    if (send(file)) {
      note_done(file);
      pause_ns = kPauseFirstNs;
      continue;
    }
    if (!pause(pause_ns)) return;
    pause_ns = std::min(pause_ns * 2, kPauseMaxNs);
  }
}

bool Uploader::send(const std::string& file) {
  const std::filesystem::path path = paths_.root / file;
  if (!std::filesystem::exists(path)) {
    spdlog::error("lake: {} was removed before it was uploaded, and is not in S3", path.string());
    return true;
  }
  MappedFile mapped;
  auto opened = mapped.open(path);
  if (!opened) {
    spdlog::warn("lake: cannot upload {}: {}", file, opened.error().message);
    return false;
  }
  PutOptions options;
  options.content_type = "application/vnd.apache.parquet";
  options.metadata = {{"pixel-xxh3", base::hash128_hex(mapped.content())}};
  const std::string key = upload_.prefix.empty() ? file : upload_.prefix + "/" + file;
  const auto put = store_.put(key, mapped.content(), options);
  if (put) return true;
  if (!stopping_->load()) spdlog::warn("lake: {}; it is tried again", put.error().message);
  return false;
}

// What is not noted is sent again in the next life, and found there.
void Uploader::note_done(const std::string& file) {
  const std::lock_guard lock(mutex_);
  queue_.pop_front();
  if (auto noted = log_.add(file, true); !noted) {
    spdlog::warn("lake: {} is in S3, but that could not be noted: {}", file, noted.error().message);
  }
}

}  // namespace pixel::shipper::lake
