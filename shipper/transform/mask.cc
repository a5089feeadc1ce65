// SPDX-License-Identifier: Apache-2.0
// See row_step.h: masks.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "shipper/decode/convert.h"
#include "shipper/transform/row_step.h"

namespace pixel::shipper {
namespace {

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

void clear_bits_after(std::span<unsigned char> bytes, unsigned kept) noexcept {
  for (unsigned char& byte : bytes) {
    const unsigned bits = std::min(kept, 8U);
    byte &= static_cast<unsigned char>(0xFF00U >> bits);
    kept -= bits;
  }
}

class AddressMask : public RowStep {
 public:
  AddressMask(std::size_t input, unsigned ipv4_bits, unsigned ipv6_bits)
      : input_(input), ipv4_bits_(ipv4_bits), ipv6_bits_(ipv6_bits) {}

  void apply(std::span<Cell* const> cells, std::span<std::uint8_t> keep, TextArena& arena,
             StepScratch& /*scratch*/) const override {
    Cell* const column = cells[input_];
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (!column[i].null) column[i] = masked(column[i].text(), arena);
    }
  }

 private:
  Cell masked(std::string_view text, TextArena& arena) const {
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.size() >= copy.size()) return {};
    std::memcpy(copy.data(), text.data(), text.size());
    const bool is_ipv4 = text.find(':') == std::string_view::npos;
    const int family = is_ipv4 ? AF_INET : AF_INET6;
    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(family, copy.data(), bytes.data()) != 1) return {};
    clear_bits_after(std::span(bytes).first(is_ipv4 ? 4 : 16), is_ipv4 ? ipv4_bits_ : ipv6_bits_);
    char* const out = arena.reserve(copy.size());
    if (::inet_ntop(family, bytes.data(), out, copy.size()) == nullptr) return {};
    const std::size_t length = std::strlen(out);
    arena.commit(length);
    Cell cell;
    set_text(cell, {out, length});
    return cell;
  }

  const std::size_t input_;
  const unsigned ipv4_bits_;
  const unsigned ipv6_bits_;
};

class TextMask : public RowStep {
 public:
  TextMask(std::size_t input, std::size_t keep_first, std::size_t keep_last)
      : input_(input), keep_first_(keep_first), keep_last_(keep_last) {}

  void apply(std::span<Cell* const> cells, std::span<std::uint8_t> keep, TextArena& arena,
             StepScratch& /*scratch*/) const override {
    Cell* const column = cells[input_];
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (!column[i].null) set_text(column[i], masked(column[i].text(), arena));
    }
  }

 private:
  // A text too short to hide anything between what is kept is hidden as a whole.
  std::string_view masked(std::string_view text, TextArena& arena) const {
    std::size_t characters = 0;
    for (const char c : text) characters += is_continuation(c) ? 0U : 1U;
    const bool hides_all = keep_first_ + keep_last_ >= characters;
    char* const begin = arena.reserve(std::max<std::size_t>(text.size(), 1));
    char* out = begin;
    std::size_t character = 0;  // That the next lead byte begins.
    bool is_kept = false;
    for (const char c : text) {
      if (!is_continuation(c)) {
        is_kept = !hides_all && (character < keep_first_ || character + keep_last_ >= characters);
        ++character;
        if (!is_kept) *out++ = '*';
      }
      if (is_kept) *out++ = c;
    }
    const auto bytes = static_cast<std::size_t>(out - begin);
    arena.commit(bytes);
    return {begin, bytes};
  }

  const std::size_t input_;
  const std::size_t keep_first_;
  const std::size_t keep_last_;
};

}  // namespace

std::unique_ptr<RowStep> make_address_mask(std::size_t input, unsigned ipv4_bits,
                                           unsigned ipv6_bits) {
  return std::make_unique<AddressMask>(input, ipv4_bits, ipv6_bits);
}

std::unique_ptr<RowStep> make_text_mask(std::size_t input, std::size_t keep_first,
                                        std::size_t keep_last) {
  return std::make_unique<TextMask>(input, keep_first, keep_last);
}

}  // namespace pixel::shipper
