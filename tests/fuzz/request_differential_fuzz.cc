// SPDX-License-Identifier: Apache-2.0
// Our parser against http_parser 2.9, for years the one of node. What both take must mean the same
// to both: where head and body end, the body, method, target, version and persistence. What we
// refuse it may take, and does: the library is built without its strict mode. What we take and it
// refuses is a finding, unless kKnown has the reason.
#include <http_parser.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "edge/http/body.h"
#include "edge/http/byte_class.h"
#include "edge/http/parser.h"

namespace pixel::edge {
namespace {

enum class Verdict { kComplete, kIncomplete, kRefused };

/// One message as one of the two understands it.
struct Message {
  Verdict verdict = Verdict::kIncomplete;
  bool head_is_whole = false;
  std::size_t end = 0;  // Behind its last byte.
  std::string method;
  std::string target;
  std::string body;
  unsigned minor_version = 1;
  bool keep_alive = false;
};

// Of a target in absolute form the parser keeps its parts; here it is taken from the line again.
std::string target_of(std::string_view bytes, const RequestView& request) {
  const auto begin = static_cast<std::size_t>(request.method_text.data() - bytes.data()) +
                     request.method_text.size() + 1;
  return std::string(bytes.substr(begin, bytes.find(' ', begin) - begin));
}

unsigned minor_version_of(std::string_view bytes, const RequestView& request) {
  const std::size_t begin = target_of(bytes, request).size() + request.method_text.size() + 2 +
                            static_cast<std::size_t>(request.method_text.data() - bytes.data());
  return static_cast<unsigned>(bytes[begin + 7] - '0');
}

void take_our_body(std::string_view rest, const RequestView& request, Message& message) {
  std::size_t body_bytes = 0;
  if (request.chunked) {
    message.body.resize(rest.size());
    ChunkProgress progress;
    const BodyResult result =
        decode_chunks(rest, message.body.data(), static_cast<std::uint32_t>(rest.size()), progress);
    message.body.resize(progress.decoded_bytes);
    body_bytes = result.consumed_bytes;
    if (result.status != BodyStatus::kComplete) {
      // A chunk beyond what came is only not there yet.
      const bool bad = result.refusal == Refusal::kBadChunk;
      message.verdict = bad ? Verdict::kRefused : Verdict::kIncomplete;
      return;
    }
  } else {
    if (request.content_length > rest.size()) return;
    body_bytes = static_cast<std::size_t>(request.content_length);
    message.body = rest.substr(0, body_bytes);
  }
  message.verdict = Verdict::kComplete;
  message.end += body_bytes;
}

struct Ours {
  Message message;
  RequestView request;
};

Ours parse_ours(std::string_view bytes) {
  Ours ours;
  const ParseLimits limits{
      .request_line_bytes = 1U << 16, .head_bytes = 1U << 16, .header_count = 10'000};
  const ParseResult result = parse_request(bytes, limits, ours.request);
  Message& message = ours.message;
  if (result.status == ParseStatus::kRefused) message.verdict = Verdict::kRefused;
  if (result.status != ParseStatus::kComplete) return ours;
  message.head_is_whole = true;
  message.end = ours.request.head_bytes;
  message.method = ours.request.method_text;
  message.target = target_of(bytes, ours.request);
  message.minor_version = minor_version_of(bytes, ours.request);
  message.keep_alive = ours.request.keep_alive;
  take_our_body(bytes.substr(message.end), ours.request, message);
  return ours;
}

Message& message_of(http_parser* parser) { return *static_cast<Message*>(parser->data); }

int on_url(http_parser* parser, const char* at, std::size_t size) {
  message_of(parser).target.append(at, size);
  return 0;
}

int on_body(http_parser* parser, const char* at, std::size_t size) {
  message_of(parser).body.append(at, size);
  return 0;
}

int on_headers_complete(http_parser* parser) {
  Message& message = message_of(parser);
  message.head_is_whole = true;
  message.method = http_method_str(static_cast<http_method>(parser->method));
  message.minor_version = parser->http_minor;
  message.keep_alive = http_should_keep_alive(parser) != 0;
  return 0;
}

int on_message_complete(http_parser* parser) {
  message_of(parser).verdict = Verdict::kComplete;
  http_parser_pause(parser, 1);
  return 0;
}

struct Theirs {
  Message message;
  http_errno error = HPE_OK;
};

Theirs parse_theirs(std::string_view bytes) {
  Theirs theirs;
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = on_url;
  settings.on_body = on_body;
  settings.on_headers_complete = on_headers_complete;
  settings.on_message_complete = on_message_complete;
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &theirs.message;
  theirs.message.end = http_parser_execute(&parser, &settings, bytes.data(), bytes.size());
  theirs.error = HTTP_PARSER_ERRNO(&parser);
  if (theirs.message.verdict != Verdict::kComplete && theirs.error != HPE_OK) {
    theirs.message.verdict = Verdict::kRefused;
  }
  return theirs;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& byte : lower) byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
  return lower;
}

/// Why it refuses what we take.
struct Known {
  http_errno error;
  const char* reason;
  bool (*applies)(const Ours& ours, const Theirs& theirs, std::string_view bytes);
};

// A longer name that begins with this one sets the same mark.
bool has_longer_encoding_name(const Ours& ours, const Theirs&, std::string_view bytes) {
  const std::string head = lower_case(bytes.substr(0, ours.request.head_bytes));
  constexpr std::string_view kName = "\r\ntransfer-encoding";
  for (std::size_t at = 0; (at = head.find(kName, at)) != std::string::npos; at += kName.size()) {
    if (head[at + kName.size()] != ':') return true;
  }
  return false;
}

// RFC 9110 section 6.5.1: a trailer never frames the message, whose end has been seen by then.
bool has_length_in_trailers(const Ours& ours, const Theirs& theirs, std::string_view bytes) {
  const std::string body = lower_case(bytes.substr(ours.request.head_bytes));
  return ours.request.chunked && theirs.message.head_is_whole &&
         body.find("\r\ncontent-length") != std::string::npos;
}

// RFC 9110 section 5.6.3: white space around a value is spaces and tabs.
bool has_tab(const Ours& ours, std::string_view bytes, std::string_view name) {
  const std::string head = lower_case(bytes.substr(0, ours.request.head_bytes));
  for (std::size_t at = 0; (at = head.find(name, at)) != std::string::npos; at += name.size()) {
    if (head.substr(at, head.find("\r\n", at + 2) - at).find('\t') != std::string::npos)
      return true;
  }
  return false;
}

constexpr Known kKnown[] = {
    {HPE_INVALID_METHOD, "it knows 34 methods; RFC 9110 section 9.1 lets any token be one",
     [](const Ours& ours, const Theirs&, std::string_view) {
       return ours.request.method == Method::kUnknown;
     }},
    {HPE_INVALID_URL, "its hosts in absolute and authority form hold fewer bytes than a reg-name",
     [](const Ours& ours, const Theirs&, std::string_view) {
       return !ours.message.target.starts_with('/');
     }},
    {HPE_INVALID_CONTENT_LENGTH, "it keeps the greatest lengths for itself; no such body exists",
     [](const Ours& ours, const Theirs&, std::string_view) {
       return ours.request.content_length > UINT64_MAX / 10 - 10;
     }},
    {HPE_UNEXPECTED_CONTENT_LENGTH, "it takes Transfer-Encodings for Transfer-Encoding",
     has_longer_encoding_name},
    {HPE_INVALID_TRANSFER_ENCODING, "the same, without a length", has_longer_encoding_name},
    {HPE_INVALID_TRANSFER_ENCODING, "it knows no tab behind a coding",
     [](const Ours& ours, const Theirs&, std::string_view bytes) {
       return has_tab(ours, bytes, "\r\ntransfer-encoding:");
     }},
    {HPE_INVALID_CONTENT_LENGTH, "it knows no tab behind a number",
     [](const Ours& ours, const Theirs&, std::string_view bytes) {
       return has_tab(ours, bytes, "\r\ncontent-length:");
     }},
    {HPE_UNEXPECTED_CONTENT_LENGTH, "it reads Content-Length in trailers", has_length_in_trailers},
    {HPE_INVALID_CONTENT_LENGTH, "the same, with another value", has_length_in_trailers},
};

const Known* find_known(const Theirs& theirs, const Ours& ours, std::string_view bytes) {
  for (const Known& known : kKnown) {
    if (known.error != theirs.error) continue;
    if (known.applies(ours, theirs, bytes)) return &known;
  }
  return nullptr;
}

std::string escape(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    char hex[5];
    std::snprintf(hex, sizeof(hex), "\\x%02x", static_cast<unsigned char>(byte));
    text += byte >= ' ' && byte <= '~' ? std::string(1, byte) : std::string(hex);
  }
  return text;
}

void check_same(bool same, const char* what, const Ours& ours, const Theirs& theirs,
                std::string_view bytes) {
  if (same) return;
  std::fprintf(stderr, "%s: ours ends at %zu, theirs at %zu (%s): %s\n", what, ours.message.end,
               theirs.message.end, http_errno_name(theirs.error), escape(bytes).c_str());
  CHECK(same);
}

/// The Connection lines of a head, read a third time and as plainly as possible.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool odd = false;  // What the other reads otherwise: see same_persistence.
};

void take_option(const std::string& option, ConnectionOptions& options) {
  const bool known = option == "close" || option == "keep-alive" || option == "upgrade";
  options.close |= option == "close";
  options.keep_alive |= option == "keep-alive";
  options.odd |= option.empty() || !has_class(option[0], kTokenByte);
  options.odd |= !known && std::strchr("cku", option[0]) != nullptr;
}

ConnectionOptions connection_options(std::string_view head) {
  ConnectionOptions options;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    std::string line = lower_case(head.substr(0, end)) + ",";
    head.remove_prefix(end + 2);
    if (!line.starts_with("connection:")) continue;
    line.erase(0, line.find(':') + 1);
    options.odd |= line.find('\t') != std::string::npos;
    for (std::size_t comma; (comma = line.find(',')) != std::string::npos;) {
      take_option(std::string(trim_ows(std::string_view(line).substr(0, comma))), options);
      line.erase(0, comma + 1);
    }
  }
  return options;
}

// Two differences are known. HTTP/1.0 with both options: we close, it goes on; to close is always
// safe. And behind an option such as "clos", an empty one or no token it reads no further, and it
// knows no option with a tab behind it.
bool same_persistence(const Message& ours, const Message& theirs, std::string_view head) {
  const ConnectionOptions options = connection_options(head);
  const bool by_rfc = !options.close && (options.keep_alive || ours.minor_version > 0);
  const bool closed_for_both = ours.minor_version == 0 && options.close && options.keep_alive;
  return ours.keep_alive == by_rfc &&
         (options.odd || closed_for_both || ours.keep_alive == theirs.keep_alive);
}

// What follows the head of CONNECT is not a body to it; to us it is, by its length.
bool same_end(const Message& ours, const Message& theirs, const RequestView& request) {
  if (request.method_text == "CONNECT") return theirs.end == request.head_bytes;
  return ours.end == theirs.end && ours.body == theirs.body;
}

// Both see a message's head: how it goes on must be the same. Returns where the next message
// begins.
std::optional<std::size_t> check_message(std::string_view bytes) {
  const Ours ours = parse_ours(bytes);
  const Theirs theirs = parse_theirs(bytes);
  const Message& a = ours.message;
  const Message& b = theirs.message;
  if (a.verdict == Verdict::kRefused) return std::nullopt;
  if (b.verdict == Verdict::kRefused) {
    // Before the end of our head it may object to what we would still have refused.
    const bool fine = !a.head_is_whole || find_known(theirs, ours, bytes) != nullptr;
    check_same(fine, "refused by it alone", ours, theirs, bytes);
    return std::nullopt;
  }
  const bool connect = ours.request.method_text == "CONNECT";
  check_same(a.head_is_whole == b.head_is_whole, "end of the head", ours, theirs, bytes);
  check_same(connect || a.verdict == b.verdict, "end of the body", ours, theirs, bytes);
  if (!a.head_is_whole) return std::nullopt;
  check_same(a.method == b.method, "method", ours, theirs, bytes);
  check_same(a.target == b.target, "target", ours, theirs, bytes);
  check_same(a.minor_version == b.minor_version, "version", ours, theirs, bytes);
  check_same(same_persistence(a, b, bytes.substr(0, ours.request.head_bytes)), "keep-alive", ours,
             theirs, bytes);
  if (a.verdict != Verdict::kComplete || connect) return std::nullopt;
  check_same(same_end(a, b, ours.request), "end of the message", ours, theirs, bytes);
  return a.end;
}

}  // namespace
}  // namespace pixel::edge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  while (!bytes.empty()) {
    const auto end = pixel::edge::check_message(bytes);
    if (!end) break;
    bytes.remove_prefix(*end);
  }
  return 0;
}
