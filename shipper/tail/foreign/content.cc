// SPDX-License-Identifier: Apache-2.0
// See content.h.
#include "shipper/tail/foreign/content.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/file.h"
#include "shipper/tail/gzip_reader.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;
constexpr std::size_t kHeadBytes = 4096;
constexpr std::size_t kHeaderBytesMax = 64 * 1024;

class PlainContent : public SegmentReader {
 public:
  PlainContent(SharedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  base::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
      const ssize_t got = ::pread(fd_->get(), buffer.data() + filled, buffer.size() - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return base::errno_error("read", path_, errno);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

 private:
  SharedFd fd_;
  std::string path_;
};

// The begin of the first line that is neither comment nor empty; npos where there is none.
std::size_t first_line(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && (text[at] == '#' || text[at] == '\n')) {
    const std::size_t newline = text.find('\n', at);
    if (newline == std::string_view::npos) return std::string_view::npos;
    at = newline + 1;
  }
  return at < text.size() ? at : std::string_view::npos;
}

std::optional<std::uint64_t> key_of(std::string_view text, bool to_end) {
  const std::size_t begin = first_line(text);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t newline = text.find('\n', begin);
  const bool is_whole = newline != std::string_view::npos || to_end;
  if (!is_whole && text.size() - begin < kHeadBytes) return std::nullopt;
  const std::size_t end = std::min({newline, text.size(), begin + kHeadBytes});
  return base::hash64(text.substr(begin, end - begin));
}

// Feeds a content to its hash line by line and stops at lengths that somebody asks for.
class Meter {
 public:
  Meter(ContentHash hash, std::uint64_t lines) : hash_(std::move(hash)), lines_(lines) {}

  void ask(const std::vector<std::uint64_t>& lengths) {
    asked_.insert(lengths.begin(), lengths.end());
  }
  void take(std::string_view text) {
    lines_ += count_content_lines(text);
    // A line that was longer than a reading: its rest is no line of its own.
    if (mid_line_ && !text.empty() && text.front() != '#' && text.front() != '\n') --lines_;
    if (!text.empty()) mid_line_ = text.back() != '\n';
    while (!text.empty()) {
      const auto next = asked_.upper_bound(hash_.length());
      const std::uint64_t room = next == asked_.end() ? text.size() : *next - hash_.length();
      const std::string_view part = text.substr(0, std::min<std::uint64_t>(room, text.size()));
      hash_.update(part);
      text.remove_prefix(part.size());
      if (next != asked_.end() && hash_.length() == *next) digests[*next] = hash_.digest();
    }
  }
  ContentMark mark() const { return {hash_.length(), lines_, hash_.chain(), hash_.digest()}; }
  bool is_mid_line() const { return mid_line_; }
  ContentHash take_hash() { return std::move(hash_); }

  std::map<std::uint64_t, std::string> digests;

 private:
  ContentHash hash_;
  std::uint64_t lines_;
  bool mid_line_ = false;
  std::set<std::uint64_t> asked_;
};

// The part of `text` to take: whole lines, or all of it where it is the end or fills a reading.
std::size_t takeable(std::string_view text, bool is_last, bool to_end) {
  if (is_last && to_end) return text.size();
  const std::size_t newline = text.rfind('\n');
  if (newline != std::string_view::npos) return newline + 1;
  return is_last ? 0 : text.size();
}

// Of a content that begins with `text`, and goes on behind it only where the head does not reach.
ContentHead head_of(std::string_view text) {
  text = text.substr(0, kHeaderBytesMax);
  const std::size_t header = std::min(first_line(text), text.size());
  const std::string_view head = text.substr(0, header + kHeadBytes);
  return ContentHead{head.size(), base::hash64(head)};
}

// As much as there is, up to buffer.size(). A reading of compressed text that ends early tells of
// damage only when it is asked again.
base::Result<std::size_t> fill(SegmentReader& content, std::uint64_t offset,
                               std::span<char> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto got = content.read_at(offset + filled, buffer.subspan(filled));
    if (!got || *got == 0) return got ? base::Result<std::size_t>(filled) : got;
    filled += *got;
  }
  return filled;
}

// Sees the first reading: all of it, the part that is taken, and whether its end counts as one.
using Look = std::function<void(std::string_view text, std::string_view taken, bool to_end)>;

// Reads from `offset` to the end into the meter.
base::Status run(SegmentReader& content, std::uint64_t offset, std::uint64_t end, bool to_end,
                 Meter& meter, const Look& look) {
  // Kept: a fresh one for each of ten thousand small files costs more than reading them.
  static thread_local std::vector<char> buffer(kReadBytes);
  for (bool is_first = true;; is_first = false) {
    const auto most = std::min<std::uint64_t>(buffer.size(), end - offset);
    const auto got = fill(content, offset, {buffer.data(), static_cast<std::size_t>(most)});
    if (!got) return got.error();
    const std::string_view text(buffer.data(), *got);
    const bool is_last = *got < buffer.size();
    const std::string_view taken = text.substr(0, takeable(text, is_last, to_end));
    if (is_first && look) look(text, taken, is_last && to_end);
    meter.take(taken);
    offset += taken.size();
    if (is_last) return base::ok_status();
  }
}

}  // namespace

bool is_gzip(int fd) {
  unsigned char magic[2] = {};
  ssize_t got = 0;
  do {
    got = ::pread(fd, magic, sizeof magic, 0);
  } while (got < 0 && errno == EINTR);
  // One byte of it is enough: a copy has just begun, and no log begins with a control character.
  return got >= 1 && magic[0] == 0x1f && (got < 2 || magic[1] == 0x8b);
}

std::unique_ptr<SegmentReader> open_content(SharedFd fd, bool gzip, const std::string& path) {
  if (!gzip) return std::make_unique<PlainContent>(std::move(fd), path);
  return std::make_unique<GzipReader>(base::UniqueFd(::fcntl(fd->get(), F_DUPFD_CLOEXEC, 0)), path);
}

bool has_head(SegmentReader& content, const ContentHead& head) {
  std::vector<char> buffer(head.bytes);
  const auto got = content.read_at(0, buffer);
  return got && *got == head.bytes && base::hash64({buffer.data(), *got}) == head.hash;
}

std::optional<ContentHead> grown_head(SegmentReader& content, const ContentHead& known,
                                      std::uint64_t length) {
  std::vector<char> buffer(std::min<std::uint64_t>(length, kHeaderBytesMax));
  const auto got = fill(content, 0, buffer);
  if (!got || *got < buffer.size() || known.bytes > *got) return std::nullopt;
  if (base::hash64({buffer.data(), known.bytes}) != known.hash) return std::nullopt;
  return head_of({buffer.data(), *got});
}

base::Result<Survey> survey(SegmentReader& content, const SurveyRequest& request) {
  Survey found;
  Meter meter(ContentHash(), 0);
  const auto look = [&](std::string_view text, std::string_view taken, bool to_end) {
    found.key = key_of(text, to_end);
    found.head = head_of(taken);
    if (found.key && request.lengths) meter.ask(request.lengths(*found.key));
  };
  const auto status = run(content, 0, request.bytes_max, request.to_end, meter, look);
  if (!status) {
    found.is_whole = false;
    found.damage = status.error().message;
    return found;
  }
  found.mark = meter.mark();
  found.ends_in_line = meter.is_mid_line();
  found.digests = std::move(meter.digests);
  found.hash = meter.take_hash();
  return found;
}

base::Result<Growth> read_growth(SegmentReader& content, const ContentMark& from,
                                 std::optional<ContentHash>& hash, bool to_end) {
  if (!hash || hash->length() != from.length) {
    ContentHash resumed(from);
    std::vector<char> rest(from.length - resumed.length());
    const auto got = content.read_at(resumed.length(), rest);
    if (!got) return got.error();
    resumed.update({rest.data(), *got});
    if (resumed.length() != from.length || resumed.digest() != from.digest) {
      return base::Error{""};
    }
    hash = std::move(resumed);
  }
  Meter meter(std::move(*hash), from.lines);
  hash.reset();
  if (auto status = run(content, from.length, UINT64_MAX, to_end, meter, nullptr); !status) {
    return status.error();
  }
  Growth growth{meter.mark(), meter.is_mid_line()};
  hash = meter.take_hash();
  return growth;
}

}  // namespace pixel::shipper
