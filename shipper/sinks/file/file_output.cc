// SPDX-License-Identifier: Apache-2.0
// See file_output.h.
#include "shipper/sinks/file/file_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/file.h"
#include "base/units.h"

namespace pixel::shipper {
namespace {

// The disk begins to write while the batch is still being encoded: the sync at its end then waits
// for the rest alone.
constexpr std::uint64_t kFlushStepBytes = 4 * base::kMiB;

bool take_number(std::string_view& text, std::uint64_t& number) {
  const char* const stop = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), stop, number);
  if (parsed.ec != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return true;
}

bool take_character(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_text(const OutputEnds& ends) {
  std::string text;
  for (const auto& [stem, end] : ends) {
    text += fmt::format("{}{}={}:{}", text.empty() ? "" : " ", stem, end.number, end.bytes);
  }
  return text;
}

std::optional<OutputEnds> parse_output_ends(std::string_view text) {
  OutputEnds ends;
  while (!text.empty()) {
    if (!ends.empty() && !take_character(text, ' ')) return std::nullopt;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    const std::string stem(text.substr(0, equals));
    if (stem.find(' ') != std::string::npos) return std::nullopt;
    OutputEnd& end = ends[stem];
    text.remove_prefix(equals + 1);
    const bool is_whole = take_number(text, end.number) && take_character(text, ':') &&
                          take_number(text, end.bytes) && end.number > 0;
    if (!is_whole) return std::nullopt;
  }
  return ends;
}

std::string output_file_name(std::string_view stem, std::uint64_t number, std::string_view suffix) {
  return fmt::format("{}-{:08}{}", stem, number, suffix);
}

std::filesystem::path FileOutput::file(std::uint64_t number) const {
  return options_.directory / output_file_name(options_.stem, number, options_.suffix);
}

base::Status FileOutput::cut(const OutputEnd& end) {
  end_ = kept_ = end;
  is_dirty_ = false;
  fd_.reset();
  if (end.bytes > 0) {
    if (auto status = open_file(); !status) return status;
    const auto is_same = has_header();
    if (!is_same) return is_same.error();
    if (!*is_same) {
      fd_.reset();
      end_ = kept_ = {end.number + 1, 0};
    }
  }
  // Also the file itself, where nothing of it counts.
  std::error_code error;
  std::uint64_t number = end.number + (end.bytes > 0 ? 1 : 0);
  while (std::filesystem::remove(file(number), error)) ++number;
  if (error) return base::Error{"cannot remove " + file(number).string() + ": " + error.message()};
  return base::sync_directory(options_.directory);
}

base::Result<bool> FileOutput::has_header() const {
  std::string found(options_.header.size(), '\0');
  const ssize_t count = ::pread(fd_.get(), found.data(), found.size(), 0);
  if (count < 0) return base::errno_error("read", file(end_.number), errno);
  return found == options_.header;
}

// Opens the file that end_ lies in and cuts off what is beyond it.
base::Status FileOutput::open_file() {
  const auto path = file(end_.number);
  fd_.reset();
  auto fd = base::open_file(path, O_RDWR | O_CREAT, 0640);
  if (!fd) return fd.error();
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return base::errno_error("stat", path, errno);
  if (static_cast<std::uint64_t>(info.st_size) < end_.bytes) {
    return base::Error{fmt::format("{} has {} bytes, but {} were delivered to it: rows are missing",
                                   path.string(), info.st_size, end_.bytes)};
  }
  const bool is_longer = static_cast<std::uint64_t>(info.st_size) > end_.bytes;
  if (is_longer && ::ftruncate(fd->get(), static_cast<off_t>(end_.bytes)) != 0) {
    return base::errno_error("cut", path, errno);
  }
  if (::lseek(fd->get(), static_cast<off_t>(end_.bytes), SEEK_SET) < 0) {
    return base::errno_error("seek", path, errno);
  }
  fd_ = std::move(fd).value();
  open_number_ = end_.number;
  flushed_bytes_ = end_.bytes;
  // Its name must outlive a power loss as its bytes do.
  return end_.bytes == 0 && options_.sync ? base::sync_directory(options_.directory)
                                          : base::ok_status();
}

base::Status FileOutput::begin() {
  // Reopening cuts off what a failed attempt left.
  if (is_dirty_) fd_.reset();
  is_dirty_ = false;
  end_ = kept_;
  if (end_.bytes >= options_.max_file_bytes) end_ = {end_.number + 1, 0};
  return base::ok_status();
}

base::Status FileOutput::append(std::string_view bytes) {
  if (bytes.empty()) return base::ok_status();
  is_dirty_ = true;
  if (!fd_ || open_number_ != end_.number) {
    if (auto status = open_file(); !status) return status;
  }
  if (end_.bytes == 0) {
    if (auto status = write(options_.header); !status) return status;
  }
  return write(bytes);
}

base::Status FileOutput::write(std::string_view bytes) {
  if (auto status = base::write_all(fd_.get(), bytes, file(end_.number)); !status) return status;
  end_.bytes += bytes.size();
  if (options_.sync && end_.bytes - flushed_bytes_ >= kFlushStepBytes) {
    // Only a hint: the sync at the end counts, and reports what went wrong.
    ::sync_file_range(fd_.get(), static_cast<off64_t>(flushed_bytes_),
                      static_cast<off64_t>(end_.bytes - flushed_bytes_), SYNC_FILE_RANGE_WRITE);
    flushed_bytes_ = end_.bytes;
  }
  return base::ok_status();
}

base::Status FileOutput::sync() {
  if (!is_dirty_ || !options_.sync) return base::ok_status();
  if (::fdatasync(fd_.get()) != 0) {
    return base::errno_error("sync", file(end_.number), errno);
  }
  return base::ok_status();
}

}  // namespace pixel::shipper
