// SPDX-License-Identifier: Apache-2.0
// Any options and any request. Checked on each input: views lie in the request, the address or the
// state; headers for the answer are whole lines; what an anonymous or denied request must not say
// is not said; judging again says the same. The first bytes choose the options, the rest, cut at
// line ends, is the request.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "edge/policy/cookies.h"
#include "edge/policy/policy.h"
#include "edge/policy/query_names.h"
#include "edge/policy/visitor_id.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kOptionBytes = 5;

struct Input {
  const std::uint8_t* options;
  std::string_view rest;

  bool bit(std::size_t index) const { return (options[index / 8] >> (index % 8) & 1) != 0; }
  unsigned number(std::size_t index) const { return bit(index) + 2U * bit(index + 1); }

  // The text up to the next line end, as an exact copy on the heap: a sanitizer sees the first
  // byte read beyond it.
  std::unique_ptr<char[]> take_line(std::string_view& view) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    auto copy = std::make_unique<char[]>(line.size());
    line.copy(copy.get(), line.size());
    view = {copy.get(), line.size()};
    return copy;
  }
};

void set_privacy(const Input& input, PolicyOptions& options) {
  options.on_opt_out = static_cast<SignalAction>(input.number(0));
  options.dnt = input.bit(2);
  options.gpc = input.bit(3);
  if (input.bit(4)) options.opt_out_cookie = "no";
  options.anonymous_header = input.bit(5);
  options.address = static_cast<AddressPrivacy>(input.number(6));
  options.mask_v4_bits = input.options[4] % 33U;
  options.mask_v6_bits = input.options[4] % 129U;
  options.hash_secret = {7};
  options.log_user_agent = input.bit(8);
  options.log_referer = input.bit(9);
  options.log_cookies = input.bit(10);
  if (input.bit(11)) options.query_deny = {"e", "a b"};
}

PolicyOptions options_of(const Input& input) {
  constexpr SignalAction kOnBot[] = {SignalAction::kIgnore, SignalAction::kFlag,
                                     SignalAction::kDrop, SignalAction::kFlag};
  PolicyOptions options;
  set_privacy(input, options);
  options.visitor = input.bit(12);
  options.cookie_name = "v";
  if (input.bit(13)) options.readable_cookie_name = "w";
  if (input.bit(14)) options.cookie_domains = {"a.example", "b.example"};
  if (input.bit(15)) options.fallback_domain = "c.example";
  options.http_only = input.bit(16);
  options.same_site = static_cast<SameSite>(input.number(17) % 3);
  if (input.bit(19)) options.id_parameter.clear();
  options.on_bot = kOnBot[input.number(20)];
  options.on_prefetch = kOnBot[input.number(22)];
  if (input.bit(24)) options.requests_per_second = 1;
  options.burst = input.number(25);
  options.addresses_max = 1;
  return options;
}

struct Request {
  RequestView view;
  std::unique_ptr<char[]> texts[16];
};

void read_request(Input& input, Request& request) {
  constexpr ExtraHeader kExtras[] = {
      ExtraHeader::kOrigin,  ExtraHeader::kDnt,      ExtraHeader::kDoNotTrack, ExtraHeader::kGpc,
      ExtraHeader::kPurpose, ExtraHeader::kXPurpose, ExtraHeader::kSecPurpose};
  RequestView& view = request.view;
  std::size_t next = 0;
  for (std::string_view* field : {&view.query, &view.cookie, &view.user_agent, &view.referer}) {
    request.texts[next++] = input.take_line(*field);
  }
  for (int i = 0; i < 2; ++i) {
    std::string_view line;
    request.texts[next++] = input.take_line(line);
    view.forwarded_for.add(line);
  }
  for (const ExtraHeader header : kExtras) {
    std::string_view value;
    request.texts[next++] = input.take_line(value);
    if (!value.empty()) view.extra.set(header, value);
  }
  if (input.bit(27)) view.extra.set(ExtraHeader::kAnonymous, "1");
}

// Views into the state cannot be named from here; their bytes are read, which a sanitizer watches.
std::string read_all(const Judgement& judgement) {
  std::string all;
  for (const std::string_view view :
       {judgement.client_address, judgement.forwarded_for, judgement.query, judgement.referer,
        judgement.user_agent, judgement.cookie, judgement.visitor, judgement.headers}) {
    all.append(view).append("\n");
  }
  return all;
}

void check_headers(std::string_view headers) {
  CHECK(headers.size() <= kPolicyHeaderBytesMax);
  while (!headers.empty()) {
    const std::size_t end = headers.find("\r\n");
    CHECK(end != std::string_view::npos);
    const std::string_view line = headers.substr(0, end);
    CHECK(line.starts_with("Set-Cookie: v=") || line.starts_with("Set-Cookie: w="));
    for (const char byte : line) CHECK(byte >= ' ' && byte < 0x7f);
    headers.remove_prefix(end + 2);
  }
}

void check_address(std::string_view text, AddressPrivacy privacy) {
  if (text == "0.0.0.0") return;
  CHECK(privacy != AddressPrivacy::kNone);
  if (privacy == AddressPrivacy::kHash) {
    CHECK(text.size() == 23 && text.front() == 'h' && is_visitor_id(text));
  } else {
    CHECK(parse_address(text).has_value());
  }
}

void check_denied(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto value = value_if_named(take_query_part(query), name);
    CHECK(!value || value->empty() || *value == "-");
  }
}

void check_anonymous(const Judgement& judgement) {
  CHECK(judgement.client_address == "0.0.0.0" && judgement.client_port == 0);
  CHECK(judgement.forwarded_for.empty() && judgement.referer.empty());
  CHECK(judgement.user_agent.empty() && judgement.cookie.empty() && judgement.visitor.empty());
  CHECK(judgement.headers.find("Max-Age=") == judgement.headers.find("Max-Age=0;"));
}

void check(const PolicyOptions& options, const RequestView& request, const Judgement& judgement) {
  check_headers(judgement.headers);
  check_address(judgement.client_address, options.address);
  if (!judgement.forwarded_for.empty()) check_address(judgement.forwarded_for, options.address);
  CHECK(judgement.client_port == 0 || options.address == AddressPrivacy::kFull);
  CHECK(judgement.query.size() <= request.query.size());
  CHECK(judgement.referer.size() <= request.referer.size());
  for (const std::string& name : options.query_deny) check_denied(judgement.query, name);
  CHECK(judgement.visitor.empty() || is_visitor_id(judgement.visitor));
  CHECK(judgement.visitor.empty() || !(judgement.drop || judgement.limited));
  CHECK(options.log_user_agent || judgement.user_agent.empty());
  CHECK(options.log_referer || judgement.referer.empty());
  CHECK(!judgement.limited || options.requests_per_second > 0);
  const bool opted_out = (judgement.signals & kOptOut) != 0;
  CHECK(!opted_out || options.on_opt_out != SignalAction::kIgnore);
  if ((judgement.signals & kAnonymous) != 0 ||
      (opted_out && options.on_opt_out >= SignalAction::kAnonymise)) {
    check_anonymous(judgement);
    if (options.visitor && !options.id_parameter.empty()) {
      check_denied(judgement.query, options.id_parameter);
    }
  }
}

void judge_input(Input input) {
  const PolicyOptions options = options_of(input);
  const auto policy = Policy::create(options);
  CHECK(policy.ok());
  PolicyState state(**policy);
  Request request;
  read_request(input, request);
  const bool has_signal_header = request.view.extra.has(ExtraHeader::kAnonymous);
  CHECK((*policy)->is_active() || !has_signal_header || !options.anonymous_header);
  if (!(*policy)->wants(request.view)) return;

  std::string_view line;
  const auto owner = input.take_line(line);
  const IpAddress address =
      parse_address(line).value_or(address_of_v4({192, 0, 2, input.options[4]}));
  char text[kAddressTextBytesMax];
  const std::string_view full_address{text, format_address(address, text)};
  std::string first;
  for (std::uint64_t i = 0; i < 3; ++i) {
    Judgement judgement;
    (*policy)->judge(request.view, address, full_address, 4711, 1 + i * 2'000'000'000,
                     1'795'212'900, true, state, judgement);
    check(options, request.view, judgement);
    const std::string all = read_all(judgement);
    const bool is_new = judgement.visitor.size() == kUuidTextBytes;
    CHECK(i == 0 || is_new || judgement.limited || all == first);
    first = all;
  }
}

}  // namespace
}  // namespace pixel::edge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < pixel::edge::kOptionBytes) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + pixel::edge::kOptionBytes,
                              size - pixel::edge::kOptionBytes);
  pixel::edge::judge_input({data, rest});
  return 0;
}
