// SPDX-License-Identifier: Apache-2.0
// See http_client.h. One easy handle per client: options are set anew for each request, connections
// and the DNS cache stay. COLD.
#include "shipper/transport/http_client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "shipper/transport/curl_library.h"
#include "shipper/transport/digest.h"
#include "shipper/transport/url.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kHeaderBytesMax = 128 * base::kKiB;  // A server that sends more is none.
constexpr std::uint64_t kRetryAfterMaxS = 3600;
constexpr long kRedirectsMax = 5;

base::Status start_library() {
  if (auto status = curl_library.load(); !status) return status;
  static std::once_flag once;
  std::call_once(once, [] { CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  return base::ok_status();
}

long milliseconds(std::uint64_t ns) {
  return static_cast<long>(std::max<std::uint64_t>(ns / base::kMillisecondNs, 1));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool has_header(const HttpHeaders& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return lower(header.first) == name; });
}

/// A response while it arrives.
struct Arriving {
  HttpResponse response;
  std::uint64_t body_bytes_max = 0;
  std::size_t header_bytes = 0;
  bool has_headers = false;  // All of them: libcurl takes a connection's end there for theirs.
};

std::size_t take_body(char* data, std::size_t, std::size_t bytes, void* user) {
  auto& arriving = *static_cast<Arriving*>(user);
  std::string& body = arriving.response.body;
  const std::uint64_t room = arriving.body_bytes_max - body.size();
  if (bytes > room) arriving.response.is_cut = true;
  body.append(data, std::min<std::uint64_t>(bytes, room));
  return bytes;
}

std::size_t take_header(char* data, std::size_t, std::size_t bytes, void* user) {
  auto& arriving = *static_cast<Arriving*>(user);
  const std::string_view line(data, bytes);
  arriving.header_bytes += bytes;
  if (arriving.header_bytes > kHeaderBytesMax) return 0;  // Ends the request with an error.
  if (line.starts_with("HTTP/")) {
    // Another response begins: after 100 Continue, or a redirect.
    arriving.response = {};
    arriving.has_headers = false;
    return bytes;
  }
  if (line == "\r\n" || line == "\n") arriving.has_headers = true;
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    arriving.response.headers.emplace_back(lower(trim(line.substr(0, colon))),
                                           trim(line.substr(colon + 1)));
  }
  return bytes;
}

// CURLOPT_LOW_SPEED_TIME averages over several seconds: a burst before a stall hides it.
struct Progress {
  const std::vector<curl_socket_t>* sockets = nullptr;
  std::uint64_t limit_ns = 0;
  const std::atomic<bool>* stop = nullptr;
  std::uint64_t moved_at_ns = base::monotonic_ns();
  std::uint64_t pause_ns = 0;  // The longest without a byte.
  std::int64_t bytes = 0;
  bool has_stalled = false;

  void note(std::uint64_t now_ns, std::int64_t bytes_now) {
    pause_ns = std::max(pause_ns, now_ns - moved_at_ns);
    if (bytes_now != bytes) {
      bytes = bytes_now;
      moved_at_ns = now_ns;
    }
  }
};

// What libcurl calls sent may still wait in the kernel for a slow line.
std::int64_t unconfirmed(const std::vector<curl_socket_t>& sockets) {
  std::uint64_t bytes = 0;
  for (const curl_socket_t socket : sockets) bytes += unconfirmed_bytes(socket);
  return static_cast<std::int64_t>(bytes);
}

// libcurl 7.88 names the socket of a transfer only when that is over.
int note_socket(void* user, curl_socket_t socket, curlsocktype) {
  static_cast<std::vector<curl_socket_t>*>(user)->push_back(socket);
  return CURL_SOCKOPT_OK;
}

int close_socket(void* user, curl_socket_t socket) {
  std::erase(*static_cast<std::vector<curl_socket_t>*>(user), socket);
  return ::close(socket);
}

// libcurl calls it at least once a second.
int watch_progress(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto& progress = *static_cast<Progress*>(user);
  const std::uint64_t now_ns = base::monotonic_ns();
  progress.note(now_ns, received + sent - unconfirmed(*progress.sockets));
  progress.has_stalled = now_ns - progress.moved_at_ns >= progress.limit_ns;
  const bool is_stopped = progress.stop != nullptr && progress.stop->load();
  return progress.has_stalled || is_stopped ? 1 : 0;  // 1 ends the request.
}

}  // namespace

struct HttpClient::Handle {
  Handle() : started(start_library()) {
    if (!started) return;
    curl = curl_easy_init();
    CHECK(curl != nullptr);  // Only without memory.
  }
  ~Handle() {
    if (!started) return;
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(curl, option, value);
    if (code != CURLE_OK && failed == CURLE_OK) failed = code;
  }
  void set(CURLoption option, const std::string& value) { set(option, value.c_str()); }

  void reset() {
    curl_easy_reset(curl);
    curl_slist_free_all(headers);
    headers = nullptr;
    failed = CURLE_OK;
    message[0] = '\0';
  }
  // "Name:" would take the header away, "Name;" sends it without a value.
  void add_header(std::string_view name, std::string_view value) {
    const std::string line =
        value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      failed = CURLE_BAD_FUNCTION_ARGUMENT;
      return;
    }
    add_line(line);
  }
  void add_line(const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers, line.c_str());
    CHECK(longer != nullptr);  // Only without memory.
    headers = longer;
  }

  void set_connection(const HttpSettings& settings, const HttpRequest& request);
  void set_request(const HttpRequest& request);
  void set_authentication(const HttpRequest& request);

  const base::Status started;  // Nothing below is used without.
  CURL* curl = nullptr;
  curl_slist* headers = nullptr;
  std::vector<curl_socket_t> sockets;  // All that are open.
  CURLcode failed = CURLE_OK;          // Of setting options.
  char message[CURL_ERROR_SIZE] = "";
};

void HttpClient::Handle::set_connection(const HttpSettings& settings, const HttpRequest& request) {
  set(CURLOPT_ERRORBUFFER, message);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SOCKOPTFUNCTION, note_socket);
  set(CURLOPT_SOCKOPTDATA, &sockets);
  set(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  set(CURLOPT_CLOSESOCKETDATA, &sockets);
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(settings.connect_timeout_ns));
  set(CURLOPT_TIMEOUT_MS,
      milliseconds(request.timeout_ns != 0 ? request.timeout_ns : settings.timeout_ns));
  // "" is "none", and keeps libcurl from http_proxy and no_proxy of the environment.
  set(CURLOPT_PROXY, settings.proxy);
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, settings.verify_tls ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, settings.verify_tls ? 2L : 0L);
  if (!settings.ca_file.empty()) {
    set(CURLOPT_CAINFO, settings.ca_file);
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!settings.client_certificate_file.empty()) {
    set(CURLOPT_SSLCERT, settings.client_certificate_file);
    const bool has_key = !settings.client_key_file.empty();
    set(CURLOPT_SSLKEY, has_key ? settings.client_key_file : settings.client_certificate_file);
  }
}

void HttpClient::Handle::set_request(const HttpRequest& request) {
  set(CURLOPT_URL, request.url);
  set(CURLOPT_PATH_AS_IS, 1L);  // "a/../b" is a name to S3, and signed as it is.
  if (request.follow_redirects) {
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, kRedirectsMax);
  }
  const bool has_body =
      request.method == "POST" || request.method == "PUT" || !request.body.empty();
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    if (!has_header(request.headers, "content-type")) {
      add_header("Content-Type", "application/octet-stream");
    }
  }
  if (request.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, request.method);
  // The answer to "may I send?" costs a round trip for each batch, and not every server gives one.
  // Not where it is signed: libcurl 7.88 signs this line as a header and then does not send it.
  if (request.signing == nullptr) add_line("Expect:");
  for (const auto& [name, value] : request.headers) add_header(name, value);
}

void HttpClient::Handle::set_authentication(const HttpRequest& request) {
  if (request.signing != nullptr) {
    const AwsSigning& signing = *request.signing;
    set(CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:{}", signing.region, signing.service));
    set(CURLOPT_USERNAME, signing.access_key);
    set(CURLOPT_PASSWORD, signing.secret_key);
    // libcurl 7.88 knows no other way to sign a body for S3, which wants this header.
    if (!has_header(request.headers, "x-amz-content-sha256")) {
      const bool is_known = !request.body_sha256.empty();
      add_header("x-amz-content-sha256",
                 hex(is_known ? request.body_sha256 : sha256(request.body)));
    }
    if (!signing.session_token.empty()) add_header("x-amz-security-token", signing.session_token);
  } else if (!request.user.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, request.user);
    set(CURLOPT_PASSWORD, request.password);
  } else if (!request.bearer_token.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(CURLOPT_XOAUTH2_BEARER, request.bearer_token);
  }
}

HttpClient::HttpClient(HttpSettings settings)
    : settings_(std::move(settings)), handle_(std::make_unique<Handle>()) {}

HttpClient::~HttpClient() = default;

base::Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  if (!handle_->started) return handle_->started.error();
  const std::uint64_t call = base::hash64(request.repeats_as);
  Arriving arriving;
  arriving.body_bytes_max = request.body_bytes_max;
  Progress progress;
  progress.sockets = &handle_->sockets;
  progress.limit_ns = request.repeats_as.empty()
                          ? settings_.stall_timeout_ns
                          : settings_.patience->limit_ns(call, settings_.stall_timeout_ns);
  progress.stop = settings_.stop.get();
  Handle& handle = *handle_;
  handle.reset();
  handle.set_connection(settings_, request);
  handle.set_request(request);
  handle.set_authentication(request);
  handle.set(CURLOPT_HTTPHEADER, handle.headers);
  handle.set(CURLOPT_WRITEFUNCTION, take_body);
  handle.set(CURLOPT_WRITEDATA, &arriving);
  handle.set(CURLOPT_HEADERFUNCTION, take_header);
  handle.set(CURLOPT_HEADERDATA, &arriving);
  handle.set(CURLOPT_NOPROGRESS, 0L);
  handle.set(CURLOPT_XFERINFOFUNCTION, watch_progress);
  handle.set(CURLOPT_XFERINFODATA, &progress);
  const CURLcode code = handle.failed != CURLE_OK ? handle.failed : curl_easy_perform(handle.curl);
  // libcurl's own text names hosts, ports, files and times, never what was sent.
  std::string failure;
  if (progress.has_stalled) {
    settings_.patience->stalled(call);
    failure = "no byte came or went for " + base::format_duration_ns(progress.limit_ns);
  } else if (code != CURLE_OK) {
    failure = handle.message[0] != '\0' ? handle.message : curl_easy_strerror(code);
  } else if (!arriving.has_headers) {
    failure = "the connection ended within the headers of the answer";
  }
  if (!failure.empty()) {
    return base::Error{fmt::format("{} {}: {}", request.method, url_origin(request.url), failure)};
  }
  progress.note(base::monotonic_ns(), progress.bytes);
  settings_.patience->answered(call, progress.pause_ns);
  curl_easy_getinfo(handle.curl, CURLINFO_RESPONSE_CODE, &arriving.response.status);
  return std::move(arriving.response);
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::uint64_t retry_after_ns(const HttpResponse& response, std::int64_t now_s) {
  const std::string text(response.header("retry-after"));
  if (text.empty()) return 0;
  std::uint64_t seconds = 0;
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    seconds = text.size() > 9 ? kRetryAfterMaxS : std::stoul(text);
  } else if (curl_library.load()) {
    const std::int64_t at = curl_getdate(text.c_str(), nullptr);
    seconds = at > now_s ? static_cast<std::uint64_t>(at - now_s) : 0;
  }
  return std::min(seconds, kRetryAfterMaxS) * base::kSecondNs;
}

}  // namespace pixel::shipper
