// SPDX-License-Identifier: Apache-2.0
// COLD: see answers.h. Each answer begins as the plain one of its sort; custom headers come last
// and replace what the sort has of the same name.
#include "edge/routes/answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "edge/routes/header_list.h"
#include "edge/routes/images.h"
#include "edge/routes/route_book.h"
#include "edge/routes/route_check.h"

namespace pixel::edge {
namespace {

std::string seconds_text(std::uint64_t ns) { return fmt::format("{}", ns / base::kSecondNs); }

// What a route's answers share, besides what each is.
class Finisher {
 public:
  Finisher(const HttpOptions& http, std::vector<std::string> own_lines)
      : http_(http), own_lines_(std::move(own_lines)) {}

  // `headers` are those that this answer has and its sort has not.
  ResponseText finish(ResponseText text, HeaderList headers) const {
    headers.remove("Access-Control-Allow-Origin");
    if (cors_of(http_) == Cors::kAny) headers.set("Access-Control-Allow-Origin", "*");
    if (http_.hsts_max_age_ns != 0) {
      headers.set("Strict-Transport-Security", "max-age=" + seconds_text(http_.hsts_max_age_ns));
    }
    for (const std::string& line : http_.headers) headers.set_line(line);
    for (const std::string& line : own_lines_) headers.set_line(line);
    text.headers = headers.text();
    return text;
  }
  ResponseText finish(ResponseText text) const {
    HeaderList headers(text.headers);
    return finish(std::move(text), std::move(headers));
  }

  ResponseText not_allowed(std::string_view allow) const {
    ResponseText text = plain_response_text(ResponseId::kMethodNotAllowed);
    HeaderList headers(text.headers);
    headers.set("Allow", allow);
    return finish(std::move(text), std::move(headers));
  }

  // OPTIONS, with an Origin or without. Which headers a page may send is added for each request.
  ResponseText preflight(std::string_view allow) const {
    ResponseText text = plain_response_text(ResponseId::kPreflight);
    HeaderList headers(text.headers);
    headers.set("Allow", allow);
    if (cors_of(http_) != Cors::kNone) {
      headers.set("Access-Control-Allow-Methods", allow);
      headers.set("Access-Control-Max-Age", seconds_text(http_.cors_max_age_ns));
    }
    return finish(std::move(text), std::move(headers));
  }

 private:
  const HttpOptions& http_;
  std::vector<std::string> own_lines_;
};

base::Result<std::string> read_content(const RouteOptions& route) {
  auto content = base::read_file(route.file);
  if (!content) return base::Error{"file: " + content.error().message};
  if (content->size() > kRouteContentBytesMax) {
    return base::Error{fmt::format("file: {} has {} bytes; {} is the limit", route.file.string(),
                                   content->size(), kRouteContentBytesMax)};
  }
  if (content->empty()) return base::Error{fmt::format("file: {} is empty", route.file.string())};
  return content;
}

base::Result<std::string> type_of_file(const RouteOptions& route) {
  if (!route.content_type.empty()) return route.content_type;
  const std::string_view type = content_type_of(route.file);
  if (!type.empty()) return std::string(type);
  return base::Error{fmt::format("content_type: {} has no extension that says it; set content_type",
                                 route.file.string())};
}

base::Result<ResponseText> image_text(const RouteOptions& route) {
  if (route.image == "none") return plain_response_text(ResponseId::kNoContent);
  ResponseText text = plain_response_text(ResponseId::kPixel);
  if (route.image != "file") {
    const PresetImage image = preset_image(route.image);
    text.body = image.bytes;
    text.content_type = image.content_type;
    return text;
  }
  auto content = read_content(route);
  if (!content) return content.error();
  auto type = type_of_file(route);
  if (!type) return type.error();
  text.body = std::move(*content);
  text.content_type = std::move(*type);
  return text;
}

base::Result<ResponseText> static_text(const RouteOptions& route) {
  ResponseText text = plain_response_text(ResponseId::kStatic);
  if (!route.file.empty()) {
    auto content = read_content(route);
    if (!content) return content.error();
    auto type = type_of_file(route);
    if (!type) return type.error();
    text.body = std::move(*content);
    text.content_type = std::move(*type);
    return text;
  }
  if (route.text.size() > kRouteContentBytesMax) {
    return base::Error{
        fmt::format("text: {} bytes; {} is the limit", route.text.size(), kRouteContentBytesMax)};
  }
  text.body = route.text;
  text.content_type = route.content_type;
  if (text.content_type.empty()) text.content_type = content_type_of(route.path);
  if (text.content_type.empty()) text.content_type = content_type_of("x.txt");
  return text;
}

// Only static content may be kept. Where the answer depends on the Origin, a cache must know.
HeaderList static_headers(const ResponseText& text, const RouteOptions& route, Cors cors) {
  HeaderList headers(text.headers);
  if (route.max_age_ns == 0) return headers;
  headers.remove("Pragma");
  headers.remove("Expires");
  headers.set("Cache-Control", "public, max-age=" + seconds_text(route.max_age_ns));
  if (cors == Cors::kEcho || cors == Cors::kList) headers.set("Vary", "Origin");
  return headers;
}

std::string_view redirect_reason(std::uint32_t status) {
  switch (status) {
    case 303:
      return "See Other";
    case 307:
      return "Temporary Redirect";
    default:
      return "Found";
  }
}

// The answer to POST of a route with an image. Its faults, too, are answered so.
ResponseText post_text(const RouteOptions& route, const ResponseText& image) {
  if (route.answer == "image") return image;
  return plain_response_text(route.answer == "ok" ? ResponseId::kOk : ResponseId::kNoContent);
}

base::Status fill(const RouteOptions& route, const HttpOptions& http, const Finisher& finisher,
                  Answers& answers) {
  if (has_image(route.kind)) {
    auto image = image_text(route);
    if (!image) return image.error();
    answers.takes_get = route.kind != RouteKind::kEvent;
    answers.takes_post = true;
    answers.get = finisher.finish(*image);
    answers.post = finisher.finish(post_text(route, *image));
  } else if (route.kind == RouteKind::kBatch) {
    answers.takes_post = true;
    answers.post = finisher.finish(plain_response_text(ResponseId::kRecords));
  } else if (route.kind == RouteKind::kStatic) {
    auto text = static_text(route);
    if (!text) return text.error();
    answers.takes_get = true;
    HeaderList headers = static_headers(*text, route, cors_of(http));
    answers.get = finisher.finish(std::move(*text), std::move(headers));
  } else {
    const bool is_redirect = route.kind == RouteKind::kRedirect;
    ResponseText text = plain_response_text(is_redirect ? ResponseId::kRedirect : ResponseId::kOk);
    if (is_redirect) {
      text.status = route.redirect_status;
      text.reason = redirect_reason(route.redirect_status);
      text.content_type.clear();
      text.body.clear();
    }
    answers.takes_get = true;
    answers.get = finisher.finish(std::move(text));
  }
  return base::ok_status();
}

std::string_view allow_of(const Answers& answers) {
  if (!answers.takes_post) return "GET, HEAD, OPTIONS";
  return answers.takes_get ? "GET, HEAD, POST, OPTIONS" : "POST, OPTIONS";
}

}  // namespace

Cors cors_of(const HttpOptions& options) {
  const auto place = std::find(kCorsNames.begin(), kCorsNames.end(), options.cors);
  return static_cast<Cors>(place - kCorsNames.begin());
}

base::Result<Answers> make_answers(const RouteOptions& route, const HttpOptions& http) {
  const Finisher finisher(http, route.headers);
  Answers answers;
  if (auto status = fill(route, http, finisher, answers); !status) return status.error();
  answers.preflight = finisher.preflight(allow_of(answers));
  answers.not_allowed = finisher.not_allowed(allow_of(answers));
  if (!answers.takes_get) answers.get = answers.not_allowed;
  if (!answers.takes_post) answers.post = answers.not_allowed;
  return answers;
}

Answers make_unknown_answers(const HttpOptions& http) {
  const Finisher finisher(http, {});
  Answers answers;
  answers.get = finisher.finish(plain_response_text(ResponseId::kNotFound));
  answers.post = answers.not_allowed = answers.get;
  answers.preflight = finisher.preflight("GET, HEAD, POST, OPTIONS");
  return answers;
}

}  // namespace pixel::edge
