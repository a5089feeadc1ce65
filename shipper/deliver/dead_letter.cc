// SPDX-License-Identifier: Apache-2.0
// See dead_letter.h. COLD.
#include "shipper/deliver/dead_letter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"

namespace pixel::shipper {
namespace {

void append_escaped(std::string& json, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte >= 0x20 && byte < 0x7F) {
      json += c;
    } else {
      json += fmt::format("\\u{:04x}", byte);
    }
  }
}

}  // namespace

std::string to_json_line(const DeadLetter& letter) {
  std::string json = fmt::format("{{\"segment\":\"{}\",\"offset\":{},\"reason\":\"",
                                 to_text(letter.segment), letter.offset);
  append_escaped(json, letter.reason);
  json += "\",\"line\":\"";
  append_escaped(json, letter.line);
  json += "\"}\n";
  return json;
}

base::Status DeadLetterFile::open(std::uint64_t bytes) {
  fd_.reset();
  if (auto status = base::create_directories(path_.parent_path()); !status) return status;
  auto fd = base::open_file(path_, O_RDWR | O_CREAT, 0640);
  if (!fd) return fd.error();
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return base::errno_error("cannot stat", path_, errno);
  bytes_ = std::min(bytes, static_cast<std::uint64_t>(info.st_size));
  if (::ftruncate(fd->get(), static_cast<off_t>(bytes_)) != 0) {
    return base::errno_error("cannot cut", path_, errno);
  }
  fd_ = std::move(fd).value();
  return base::sync_directory(path_.parent_path());
}

base::Result<std::uint64_t> DeadLetterFile::append(std::span<const DeadLetter> letters) {
  if (letters.empty()) return bytes_;
  std::string text;
  for (const DeadLetter& letter : letters) text += to_json_line(letter);
  // An earlier attempt may have left a part.
  const bool placed = ::ftruncate(fd_.get(), static_cast<off_t>(bytes_)) == 0 &&
                      ::lseek(fd_.get(), static_cast<off_t>(bytes_), SEEK_SET) >= 0;
  if (!placed) return base::errno_error("cannot cut", path_, errno);
  if (auto status = base::write_all(fd_.get(), text, path_); !status) return status.error();
  if (::fdatasync(fd_.get()) != 0) return base::errno_error("cannot sync", path_, errno);
  bytes_ += text.size();
  return bytes_;
}

}  // namespace pixel::shipper
