// SPDX-License-Identifier: Apache-2.0
// See redirect.h. HOT: two cursors and a buffer; what is not plainly allowed is refused.
#include "edge/routes/redirect.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kMacros[] = {"${VISITOR}", "${SP_NUID}"};
// What RFC 3986 lets stand in a path, query or fragment; "%" is looked at apart. Anything else of a
// target that is printable or not ASCII is percent-encoded anew.
constexpr std::string_view kPlainMarks = "-._~!$&'()*+,;=:@/?#[]";
constexpr std::size_t kHostBytesMax = 253;  // RFC 1035 section 2.3.4, as text without the root.

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// Bytes that no target has, however they came.
bool is_poison(char c) noexcept {
  return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '\\';
}

// Decodes one byte after the other; copying one costs nothing and lets it look ahead.
class Decoder {
 public:
  explicit Decoder(std::string_view encoded) noexcept : rest_(encoded) {}

  bool at_end() const noexcept { return rest_.empty(); }
  // The next byte, or '\0' where an escape is broken: '\0' itself is poison too.
  char next() noexcept {
    const char first = rest_.front();
    if (first != '%') {
      rest_.remove_prefix(1);
      return first;
    }
    const int high = rest_.size() < 3 ? -1 : hex_value(rest_[1]);
    const int low = rest_.size() < 3 ? -1 : hex_value(rest_[2]);
    rest_.remove_prefix(rest_.size() < 3 ? rest_.size() : 3);
    return high < 0 || low < 0 ? '\0' : static_cast<char>(high * 16 + low);
  }
  // Takes `text`, in any case, if it comes next.
  bool take(std::string_view text) noexcept {
    Decoder ahead = *this;
    for (const char c : text) {
      if (ahead.at_end() || lower(ahead.next()) != lower(c)) return false;
    }
    *this = ahead;
    return true;
  }

 private:
  std::string_view rest_;
};

// Writes until there is no room; then remembers that.
class Writer {
 public:
  Writer(char* out, std::size_t bytes_max) noexcept : out_(out), bytes_max_(bytes_max) {}

  void plain(char c) noexcept {
    if (bytes_ < bytes_max_) {
      out_[bytes_++] = c;
    } else {
      overflown_ = true;
    }
  }
  void plain(std::string_view text) noexcept {
    for (const char c : text) plain(c);
  }
  void encoded(char c) noexcept {
    constexpr char kDigits[] = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(c);
    plain('%');
    plain(kDigits[value >> 4]);
    plain(kDigits[value & 15]);
  }
  void cut(std::size_t bytes) noexcept { bytes_ = bytes; }
  bool overflown() const noexcept { return overflown_; }
  std::size_t bytes() const noexcept { return bytes_; }
  std::string_view from(std::size_t begin) const noexcept { return {out_ + begin, bytes_ - begin}; }

 private:
  char* out_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  bool overflown_ = false;
};

// The value of the first `name=` of a query; nothing where there is none.
bool find_parameter(std::string_view query, std::string_view name,
                    std::string_view& value) noexcept {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      value = pair.substr(name.size() + 1);
      return true;
    }
    query.remove_prefix(pair.size() == query.size() ? query.size() : pair.size() + 1);
  }
  return false;
}

// Labels of letters, digits and hyphens, none empty: neither a leading nor a trailing dot, no
// brackets, no userinfo, no escapes that one reader decodes and another does not.
bool is_host(std::string_view host) noexcept {
  if (host.empty() || host.size() > kHostBytesMax || host.back() == '.') return false;
  char previous = '.';
  for (const char c : host) {
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.') return false;
    if (c == '.' && previous == '.') return false;
    previous = c;
  }
  return true;
}

// "1" to "65535" without leading zeros.
bool is_port(std::string_view port) noexcept {
  if (port.empty() || port.size() > 5 || port.front() == '0') return false;
  std::uint32_t number = 0;
  for (const char c : port) {
    if (!is_digit(c)) return false;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number <= 65'535;
}

// host or host:port, as written to the answer. Its port is cut off where `default_port` says it.
bool is_authority(std::string_view& authority, std::string_view default_port) noexcept {
  const std::size_t colon = authority.find(':');
  if (!is_host(authority.substr(0, colon))) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view port = authority.substr(colon + 1);
  if (!is_port(port)) return false;
  if (port == default_port) authority = authority.substr(0, colon);
  return true;
}

// Writes in lower case up to what ends an authority for every reader of URLs: '/', '?', '#' or the
// end; returns that byte, or '\0'. Anything else is checked where it lies.
char write_authority(Decoder& in, Writer& out) noexcept {
  while (!in.at_end()) {
    const char c = in.next();
    if (c == '/' || c == '?' || c == '#') return c;
    out.plain(lower(c));
  }
  return '\0';
}

void write_visitor(std::string_view visitor, Writer& out) noexcept {
  for (const char c : visitor) {
    const bool is_plain = is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
    is_plain ? out.plain(c) : out.encoded(c);
  }
}

// True where a '%' that stands here begins an escape of the target's own: it stays.
bool begins_escape(Decoder ahead) noexcept {
  for (int i = 0; i < 2; ++i) {
    if (ahead.at_end() || hex_value(ahead.next()) < 0) return false;
  }
  return true;
}

// Path, query and fragment. False on a byte that no target has.
bool write_rest(Decoder& in, std::string_view visitor, Writer& out) noexcept {
  while (!in.at_end()) {
    if (in.take(kMacros[0]) || in.take(kMacros[1])) {
      write_visitor(visitor, out);
      continue;
    }
    const char c = in.next();
    if (is_poison(c)) return false;
    const bool is_plain =
        is_letter(c) || is_digit(c) || kPlainMarks.find(c) != std::string_view::npos;
    if (is_plain || (c == '%' && begins_escape(in))) {
      out.plain(c);
    } else {
      out.encoded(c);
    }
  }
  return true;
}

}  // namespace

bool RedirectRules::is_listed(std::string_view authority) const noexcept {
  for (const auto& host : hosts_) {
    if (authority == host) return true;
  }
  for (const auto& suffix : suffixes_) {
    if (authority.size() > suffix.size() && authority.ends_with(suffix)) return true;
  }
  return false;
}

RedirectRules::Fault RedirectRules::resolve(std::string_view query, std::string_view visitor,
                                            char* out, std::size_t out_bytes_max,
                                            std::size_t& out_bytes) const noexcept {
  out_bytes = 0;
  std::string_view value;
  if (!find_parameter(query, parameter_, value) || value.empty()) return Fault::kNoTarget;
  Decoder in(value);
  Writer writer(out, out_bytes_max);
  if (in.take("https://")) {
    writer.plain("https://");
  } else if (allow_http_ && in.take("http://")) {
    writer.plain("http://");
  } else {
    return Fault::kBadTarget;
  }
  const std::size_t begin = writer.bytes();
  const char ended_by = write_authority(in, writer);
  if (writer.overflown()) return Fault::kTooLong;
  std::string_view authority = writer.from(begin);
  const bool is_https = begin == std::string_view("https://").size();
  if (!is_authority(authority, is_https ? "443" : "80")) return Fault::kBadTarget;
  if (!is_listed(authority)) return Fault::kHostNotAllowed;
  writer.cut(begin + authority.size());
  // Some readers end an authority at '/' only.
  if (ended_by == '?' || ended_by == '#') writer.plain('/');
  if (ended_by != '\0') writer.plain(ended_by);
  if (!write_rest(in, visitor, writer)) return Fault::kBadTarget;
  if (writer.overflown()) return Fault::kTooLong;
  out_bytes = writer.bytes();
  return Fault::kNone;
}

}  // namespace pixel::edge
