// SPDX-License-Identifier: Apache-2.0
// See books.h. A record is words between single spaces; its first one says what it is.
#include "shipper/tail/foreign/books.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace pixel::shipper {
namespace {

// Spaces, '%' and whatever is not printable ASCII as %XX; "-" for nothing.
std::string to_word(std::string_view text) {
  if (text.empty()) return "-";
  std::string word;
  for (const char c : text) {
    const bool is_plain = c > ' ' && c < 127 && c != '%' && !(c == '-' && text.size() == 1);
    word += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return word;
}

// Takes words off a record; remembers whether one was not what it had to be.
class Words {
 public:
  explicit Words(std::string_view record) : rest_(record) {}

  std::string_view word() {
    const std::size_t space = rest_.find(' ');
    const std::string_view word = rest_.substr(0, space);
    rest_ = space == std::string_view::npos ? std::string_view() : rest_.substr(space + 1);
    good_ = good_ && !word.empty();
    return word;
  }
  template <class Integer>
  void read(Integer& value, int base = 10) {
    const std::string_view text = word();
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value, base);
    good_ = good_ && result.ec == std::errc() && result.ptr == text.data() + text.size();
  }
  void read(bool& value) {
    int number = 0;
    read(number);
    value = number == 1;
    good_ = good_ && (number == 0 || number == 1);
  }
  void read(std::string& value) {
    value.clear();
    const std::string_view text = word();
    if (text == "-") return;
    for (std::size_t i = 0; i < text.size(); ++i) {
      unsigned byte = 0;
      if (text[i] == '%') {
        const auto hex = text.substr(i + 1, 2);
        const auto result = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
        good_ = good_ && hex.size() == 2 && result.ptr == hex.data() + 2;
        i += 2;
      } else {
        byte = static_cast<unsigned char>(text[i]);
      }
      value += static_cast<char>(byte);
    }
  }
  bool is_good_end() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::string file_words(const KnownFile& file) {
  const FileFacts& facts = file.facts;
  return fmt::format("{} {} {} {} {} {} {} {}", facts.key.device, facts.key.inode, facts.born_ns,
                     facts.bytes, facts.modified_ns, facts.changed_ns, file.gzip ? 1 : 0,
                     to_word(file.path));
}

void read_file(Words& words, KnownFile& file) {
  FileFacts& facts = file.facts;
  words.read(facts.key.device);
  words.read(facts.key.inode);
  words.read(facts.born_ns);
  words.read(facts.bytes);
  words.read(facts.modified_ns);
  words.read(facts.changed_ns);
  words.read(file.gzip);
  words.read(file.path);
  facts.is_regular = true;
}

void apply_incarnation(Words& words, SourceBooks& books) {
  std::uint32_t number = 0;
  Incarnation state;
  words.read(number);
  words.read(state.key, 16);
  words.read(state.mark.length);
  words.read(state.mark.lines);
  words.read(state.mark.chain);
  words.read(state.mark.digest);
  words.read(state.head.bytes);
  words.read(state.head.hash, 16);
  words.read(state.rotated);
  words.read(state.seen_at);
  read_file(words, state.file);
  if (!words.is_good_end()) return;
  books.incarnations[number] = std::move(state);
  books.next_incarnation = std::max(books.next_incarnation, number + 1);
}

void apply_piece(Words& words, SourceBooks& books) {
  PieceId id;
  Piece piece;
  words.read(id.worker);
  words.read(id.index);
  words.read(piece.incarnation);
  words.read(piece.from);
  words.read(piece.from_lines);
  words.read(piece.is_sealed);
  words.read(piece.to);
  words.read(piece.lines);
  words.read(piece.adds_newline);
  if (words.is_good_end()) books.pieces[id] = piece;
}

void apply_copy(Words& words, SourceBooks& books) {
  std::uint32_t incarnation = 0;
  KnownFile file;
  words.read(incarnation);
  read_file(words, file);
  if (words.is_good_end()) books.copies[file.facts.key] = {incarnation, std::move(file)};
}

void apply_retired(Words& words, SourceBooks& books) {
  std::uint16_t worker = 0;
  RetiredPieces retired;
  words.read(worker);
  words.read(retired.next_index);
  words.read(retired.lines);
  if (!words.is_good_end()) return;
  books.retired[worker] = retired;
  books.pieces.erase(books.pieces.lower_bound({worker, 0}),
                     books.pieces.lower_bound({worker, retired.next_index}));
}

void apply_forget(Words& words, SourceBooks& books) {
  std::uint32_t number = 0;
  words.read(number);
  if (!words.is_good_end()) return;
  books.incarnations.erase(number);
  std::erase_if(books.copies, [&](const auto& copy) { return copy.second.first == number; });
}

void apply_forget_copy(Words& words, SourceBooks& books) {
  FileKey key;
  words.read(key.device);
  words.read(key.inode);
  if (words.is_good_end()) books.copies.erase(key);
}

void apply_numbering(Words& words, SourceBooks& books) {
  std::uint32_t next = 0;
  words.read(next);
  if (words.is_good_end()) books.next_incarnation = std::max(books.next_incarnation, next);
}

SourceBooks* find_source(ForeignBooks& books, std::uint16_t node) {
  for (auto& [name, source] : books) {
    if (source.node == node) return &source;
  }
  return nullptr;
}

}  // namespace

std::string source_record(const std::string& name, std::uint16_t node) {
  return fmt::format("source {} {}", node, to_word(name));
}

std::string incarnation_record(std::uint16_t node, std::uint32_t number, const Incarnation& state) {
  return fmt::format("file {} {} {:016x} {} {} {} {} {} {:016x} {} {} {}", node, number, state.key,
                     state.mark.length, state.mark.lines, to_word(state.mark.chain),
                     to_word(state.mark.digest), state.head.bytes, state.head.hash,
                     state.rotated ? 1 : 0, state.seen_at, file_words(state.file));
}

std::string piece_record(std::uint16_t node, const PieceId& id, const Piece& piece) {
  return fmt::format("piece {} {} {} {} {} {} {} {} {} {}", node, id.worker, id.index,
                     piece.incarnation, piece.from, piece.from_lines, piece.is_sealed ? 1 : 0,
                     piece.to, piece.lines, piece.adds_newline ? 1 : 0);
}

std::string copy_record(std::uint16_t node, std::uint32_t incarnation, const KnownFile& file) {
  return fmt::format("copy {} {} {}", node, incarnation, file_words(file));
}

std::string retired_record(std::uint16_t node, std::uint16_t worker, const RetiredPieces& retired) {
  return fmt::format("retired {} {} {} {}", node, worker, retired.next_index, retired.lines);
}

std::string forget_record(std::uint16_t node, std::uint32_t number) {
  return fmt::format("forget {} {}", node, number);
}

std::string forget_copy_record(std::uint16_t node, const FileKey& key) {
  return fmt::format("forget_copy {} {} {}", node, key.device, key.inode);
}

base::Status apply_record(ForeignBooks& books, std::string_view record) {
  const base::Error unknown{
      fmt::format("not a record of this program: '{}'", record.substr(0, 80))};
  Words words(record);
  const std::string kind(words.word());
  std::uint16_t node = 0;
  words.read(node);
  SourceBooks* const source = find_source(books, node);
  if (kind == "source") {
    std::string name;
    words.read(name);
    if (!words.is_good_end() || source != nullptr || books.contains(name)) return unknown;
    books[name].node = node;
    return base::ok_status();
  }
  if (source == nullptr) return unknown;
  using Apply = void (*)(Words&, SourceBooks&);
  static const std::map<std::string, Apply> kinds = {
      {"file", apply_incarnation},   {"piece", apply_piece},   {"copy", apply_copy},
      {"retired", apply_retired},    {"forget", apply_forget}, {"forget_copy", apply_forget_copy},
      {"numbering", apply_numbering}};
  const auto found = kinds.find(kind);
  if (found == kinds.end()) return unknown;
  found->second(words, *source);
  if (!words.is_good_end()) return unknown;
  return base::ok_status();
}

std::vector<std::string> all_records(const ForeignBooks& books) {
  std::vector<std::string> records;
  for (const auto& [name, source] : books) {
    records.push_back(source_record(name, source.node));
    records.push_back(fmt::format("numbering {} {}", source.node, source.next_incarnation));
    for (const auto& [worker, retired] : source.retired) {
      records.push_back(retired_record(source.node, worker, retired));
    }
    for (const auto& [number, state] : source.incarnations) {
      records.push_back(incarnation_record(source.node, number, state));
    }
    for (const auto& [id, piece] : source.pieces) {
      records.push_back(piece_record(source.node, id, piece));
    }
    for (const auto& [key, copy] : source.copies) {
      records.push_back(copy_record(source.node, copy.first, copy.second));
    }
  }
  return records;
}

}  // namespace pixel::shipper
