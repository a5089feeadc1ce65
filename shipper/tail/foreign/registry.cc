// SPDX-License-Identifier: Apache-2.0
// See registry.h.
#include "shipper/tail/foreign/registry.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "base/file.h"
#include "base/hash.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kMagic = "pixel-shipper-foreign 1 ";
constexpr std::size_t kHashDigits = 16;

// Writes lines, each with the hash that hangs on the one above.
class Chain {
 public:
  explicit Chain(std::uint64_t hash) : hash_(hash) {}
  void add(std::string_view line) {
    next(line);
    text_ += fmt::format("{} {:016x}\n", line, hash_);
  }
  void next(std::string_view line) { hash_ = base::hash64(fmt::format("{:016x}{}", hash_, line)); }
  std::uint64_t hash() const { return hash_; }
  const std::string& text() const { return text_; }

 private:
  std::uint64_t hash_;
  std::string text_;
};

// What one file holds.
struct Loaded {
  bool exists = false;
  bool is_whole = false;
  std::string damage;
  std::uint64_t generation = 0;
  std::uint64_t hash = 0;
  std::uint64_t records = 0;
  std::string text;
  ForeignBooks books;
};

// A line without its hash; nothing where it is damaged.
std::optional<std::string_view> take_line(std::string_view& text, Chain& chain) {
  const std::size_t newline = text.find('\n');
  if (newline == std::string_view::npos || newline < kHashDigits + 1) return std::nullopt;
  const std::string_view line = text.substr(0, newline - kHashDigits - 1);
  chain.next(line);
  const std::string expected = fmt::format(" {:016x}", chain.hash());
  if (text.substr(line.size(), kHashDigits + 1) != expected) return std::nullopt;
  text.remove_prefix(newline + 1);
  return line;
}

std::string read_lines(Loaded& loaded) {
  std::string_view text = loaded.text;
  Chain chain(0);
  const auto head = take_line(text, chain);
  if (!head || !head->starts_with(kMagic)) return "its first line is damaged";
  const std::string_view number = head->substr(kMagic.size());
  const auto end = number.data() + number.size();
  if (std::from_chars(number.data(), end, loaded.generation).ptr != end) return "no generation";
  while (!text.empty()) {
    const std::size_t position = loaded.text.size() - text.size();
    const auto record = take_line(text, chain);
    if (!record) return fmt::format("damaged at byte {}", position);
    const auto status = apply_record(loaded.books, *record);
    if (!status) return status.error().message;
    ++loaded.records;
  }
  loaded.hash = chain.hash();
  return "";
}

base::Result<Loaded> load(const std::filesystem::path& path) {
  Loaded loaded;
  std::error_code error;
  loaded.exists = std::filesystem::exists(path, error);
  if (!loaded.exists && !error) return loaded;
  auto text = base::read_file(path);
  if (!text) return text.error();
  loaded.text = std::move(text).value();
  loaded.damage = read_lines(loaded);
  loaded.is_whole = loaded.damage.empty();
  if (!loaded.is_whole) loaded.damage = path.string() + ": " + loaded.damage;
  return loaded;
}

bool is_ahead(const Loaded& a, const Loaded& b) {
  return std::pair(a.generation, a.records) > std::pair(b.generation, b.records);
}

}  // namespace

std::filesystem::path Registry::file(int which) const {
  return directory_ / fmt::format("registry.{}", which);
}

base::Result<ForeignBooks> Registry::open() {
  if (auto status = base::create_directories(directory_); !status) return status.error();
  auto first = load(file(0));
  if (!first) return first.error();
  auto second = load(file(1));
  if (!second) return second.error();
  damage_.clear();
  Loaded* best = nullptr;
  for (Loaded* loaded : {&*first, &*second}) {
    if (loaded->is_whole && (best == nullptr || is_ahead(*loaded, *best))) best = loaded;
    if (!loaded->damage.empty()) damage_ += loaded->damage + "; ";
  }
  if (best == nullptr && (first->exists || second->exists)) {
    return base::Error{damage_ +
                       "neither copy of the registry is whole: restore one, or remove "
                       "both (and what the sinks have of foreign sources) to begin anew"};
  }
  ForeignBooks books = best == nullptr ? ForeignBooks() : std::move(best->books);
  generation_ = best == nullptr ? 0 : best->generation;
  const bool are_equal = best != nullptr && first->text == second->text;
  if (best != nullptr && !are_equal && damage_.empty()) {
    damage_ = directory_.string() + ": one copy of the registry lacked records; ";
  }
  hash_ = best == nullptr ? 0 : best->hash;
  bytes_ = best == nullptr ? 0 : best->text.size();
  must_begin_ = !are_equal;
  if (must_begin_) {
    if (auto status = begin_generation(books); !status) return status.error();
  }
  for (int which = 0; which < 2; ++which) {
    auto opened = base::open_file(file(which), O_WRONLY | O_APPEND);
    if (!opened) return opened.error();
    files_[which] = std::move(opened).value();
  }
  return books;
}

// One file after the other: at every moment one of them is whole, and the newer one is ahead.
base::Status Registry::begin_generation(const ForeignBooks& books) {
  Chain chain(0);
  chain.add(fmt::format("{}{}", kMagic, generation_ + 1));
  for (const std::string& record : all_records(books)) chain.add(record);
  must_begin_ = true;
  for (int which = 0; which < 2; ++which) {
    if (auto status = base::write_file_atomic(file(which), chain.text(), 0640); !status) {
      return status;
    }
    auto opened = base::open_file(file(which), O_WRONLY | O_APPEND);
    if (!opened) return opened.error();
    files_[which] = std::move(opened).value();
  }
  ++generation_;
  hash_ = chain.hash();
  begin_bytes_ = bytes_ = chain.text().size();
  must_begin_ = false;
  return base::ok_status();
}

base::Status Registry::append(const std::vector<std::string>& records, const ForeignBooks& books) {
  if (records.empty()) return base::ok_status();
  if (must_begin_ || bytes_ > std::max(log_bytes_max_, 2 * begin_bytes_)) {
    auto status = begin_generation(books);
    // A log that is fit stays in use until there is room for its successor.
    if (status || must_begin_) return status;
  }
  Chain chain(hash_);
  for (const std::string& record : records) chain.add(record);
  if (auto status = write_both(chain.text()); !status) {
    must_begin_ = true;
    return status;
  }
  hash_ = chain.hash();
  bytes_ += chain.text().size();
  return base::ok_status();
}

base::Status Registry::write_both(const std::string& text) {
  for (int which = 0; which < 2; ++which) {
    const auto path = file(which);
    if (auto status = base::write_all(files_[which].get(), text, path); !status) return status;
    if (::fdatasync(files_[which].get()) != 0) return base::errno_error("sync", path, errno);
  }
  return base::ok_status();
}

}  // namespace pixel::shipper
