// SPDX-License-Identifier: Apache-2.0
// Request lines: bytes and what the parser says of them (describe.h), by section of the RFCs. A new
// row is one line; every test of cases.h then runs on it.
#pragma once

#include <string_view>

namespace pixel::edge::test {

using namespace std::string_view_literals;

struct Case {
  std::string_view name;
  std::string_view bytes;
  std::string_view expected;
};

// clang-format off
inline constexpr Case kRequestLineCases[] = {
    // RFC 9112 section 2.2: message parsing.
    {"2.2 a whole request", "GET /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"2.2 nothing", ""sv, "incomplete"},
    {"2.2 one empty line before it", "\r\nGET /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"2.2 three empty lines before it", "\r\n\r\n\r\nGET /p HTTP/1.0\r\n\r\n"sv, "GET /p 1.0 close"},
    {"2.2 only empty lines", "\r\n\r\n"sv, "incomplete"},
    {"2.2 bare LF before it", "\nGET /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 bare CR before it", "\rGET /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 CR CR LF before it", "\r\r\nGET /p HTTP/1.1\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 space before it", " GET /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 byte order mark before it", "\xef\xbb\xbfGET /p HTTP/1.1\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 NUL before it", "\0GET /p HTTP/1.1\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, "400 bad_version"},
    {"2.2 bare LF ends the line", "GET /p HTTP/1.1\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 bare CR ends the line", "GET /p HTTP/1.1\rHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 CR CR LF ends the line", "GET /p HTTP/1.1\r\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"2.2 space before the first header", "GET /p HTTP/1.1\r\n Host: h\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"2.2 tab before the first header", "GET /p HTTP/1.1\r\n\tHost: h\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"2.2 the next request follows", "GET /p HTTP/1.1\r\nHost: h\r\n\r\nGET /q HTTP/1.1\r\n"sv, "GET /p 1.1 keep host=h"},
    {"2.2 garbage follows", "GET /p HTTP/1.1\r\nHost: h\r\n\r\n\0\xff\n"sv, "GET /p 1.1 keep host=h"},

    // RFC 9112 section 3: the request line.
    {"3 two spaces before the target", "GET  /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target"},
    {"3 two spaces before the version", "GET /p  HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_version"},
    {"3 tab before the target", "GET\t/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3 tab before the version", "GET /p\tHTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target"},
    {"3 space behind the version", "GET /p HTTP/1.1 \r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3 a fourth word", "GET /p HTTP/1.1 x\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3 only a method", "GET\r\n\r\n"sv, "400 bad_request_line"},
    {"3 method and space", "GET \r\n\r\n"sv, "400 bad_request_line"},
    {"3 HTTP/0.9, no version", "GET /p\r\n"sv, "400 bad_request_line"},
    {"3 no version, bare LF", "GET /p\n"sv, "400 bad_request_line"},
    {"3 space but no version", "GET /p \r\n\r\n"sv, "400 bad_version"},
    {"3 space inside the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_version"},

    // RFC 9112 section 3.1 and RFC 9110 section 9: methods.
    {"3.1 HEAD", "HEAD /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "HEAD /p 1.1 keep host=h"},
    {"3.1 POST", "POST /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "POST /p 1.1 keep host=h"},
    {"3.1 PUT", "PUT /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "known:PUT /p 1.1 keep host=h"},
    {"3.1 DELETE", "DELETE /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "known:DELETE /p 1.1 keep host=h"},
    {"3.1 OPTIONS", "OPTIONS /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "OPTIONS /p 1.1 keep host=h"},
    {"3.1 TRACE", "TRACE /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "known:TRACE /p 1.1 keep host=h"},
    {"3.1 PATCH", "PATCH /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "known:PATCH /p 1.1 keep host=h"},
    {"3.1 a method we do not know", "BREW /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "unknown:BREW /p 1.1 keep host=h"},
    {"3.1 lower case is another method", "get /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "unknown:get /p 1.1 keep host=h"},
    {"3.1 GET with a letter more", "GETS /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "unknown:GETS /p 1.1 keep host=h"},
    {"3.1 GET with a letter less", "GE /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "unknown:GE /p 1.1 keep host=h"},
    {"3.1 every odd tchar", "!#$%&'*+-.^_`|~09azAZ /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "unknown:!#$%&'*+-.^_`|~09azAZ /p 1.1 keep host=h"},
    {"3.1 a method of 40 bytes", "AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "unknown:AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD /p 1.1 keep host=h"},
    {"3.1 slash in the method", "GE/T /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3.1 colon in the method", "Host: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3.1 high byte in the method", "G\xc3\x89T /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3.1 DEL in the method", "GE\x7f /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3.1 a quoted method", "\"GET\" /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},

    // RFC 9112 section 3.2.1: origin form.
    {"3.2.1 the root", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET / 1.1 keep host=h"},
    {"3.2.1 a query", "GET /p?a=1&b=2 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p ?a=1&b=2 1.1 keep host=h"},
    {"3.2.1 an empty query", "GET /p? HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"3.2.1 more than one question mark", "GET /p?a?b??c HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p ?a?b??c 1.1 keep host=h"},
    {"3.2.1 two slashes", "GET //evil.example/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET //evil.example/p 1.1 keep host=h"},
    {"3.2.1 dots stay", "GET /a/../p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /a/../p 1.1 keep host=h"},
    {"3.2.1 percent stays", "GET /%70%zz?%00 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /%70%zz ?%00 1.1 keep host=h"},
    {"3.2.1 unwise bytes stay", "GET /p?\"<>[]\\^`{|} HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p ?\"<>[]\\^`{|} 1.1 keep host=h"},
    {"3.2.1 raw UTF-8 stays", "GET /p?q=\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p ?q=\xc3\xa9 1.1 keep host=h"},
    {"3.2.1 byte 0xff stays", "GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /\xff 1.1 keep host=h"},
    {"3.2.1 byte 0x80 stays", "GET /\x80 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /\x80 1.1 keep host=h"},
    {"3.2.1 fragment", "GET /p#f HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target"},
    {"3.2.1 fragment behind a query", "GET /p?a#f HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target"},
    {"3.2.1 NUL", "GET /p\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target"},
    {"3.2.1 NUL in the query", "GET /p?\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target"},
    {"3.2.1 unit separator", "GET /p\x1f HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target"},
    {"3.2.1 DEL", "GET /p\x7f HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target"},
    {"3.2.1 bare LF", "GET /p\nx HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3.2.1 bare CR", "GET /p\rx HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"3.2.1 no slash", "GET p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET p"},
    {"3.2.1 only a query", "GET ?a=1 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET "},

    // RFC 9112 section 3.2.2: absolute form.
    {"3.2.2 http", "GET http://a.example/p?q HTTP/1.1\r\nHost: a.example\r\n\r\n"sv, "GET /p ?q 1.1 keep host=a.example"},
    {"3.2.2 https", "GET https://a.example/p HTTP/1.1\r\nHost: a.example\r\n\r\n"sv, "GET /p 1.1 keep host=a.example"},
    {"3.2.2 schemes have no case", "GET HtTp://a.example/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p 1.1 keep host=a.example"},
    {"3.2.2 its authority overrides Host", "GET http://a.example:81/p HTTP/1.1\r\nHost: b.example\r\n\r\n"sv, "GET /p 1.1 keep host=a.example:81"},
    {"3.2.2 Host is required all the same", "GET http://a.example/p HTTP/1.1\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"3.2.2 Host must be valid all the same", "GET http://a.example/p HTTP/1.1\r\nHost: b/c\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"3.2.2 in HTTP/1.0", "GET http://a.example/p HTTP/1.0\r\n\r\n"sv, "GET /p 1.0 close host=a.example"},
    {"3.2.2 an empty path is the root", "GET http://a.example HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET / 1.1 keep host=a.example"},
    {"3.2.2 an empty path with a query", "GET http://a.example?x/y HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET / ?x/y 1.1 keep host=a.example"},
    {"3.2.2 IPv6", "GET http://[::1]:80/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "GET /p 1.1 keep host=[::1]:80"},
    {"3.2.2 an empty host", "GET http:///p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET http:///p"},
    {"3.2.2 only a port", "GET http://:80/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET http://:80/p"},
    {"3.2.2 userinfo", "GET http://u@a.example/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET http://u@a.example/p"},
    {"3.2.2 a port that is none", "GET http://a:b/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET http://a:b/p"},
    {"3.2.2 another scheme", "GET ftp://a.example/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET ftp://a.example/p"},
    {"3.2.2 one slash", "GET http:/a.example/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET http:/a.example/p"},

    // RFC 9112 sections 3.2.3 and 3.2.4: authority form and asterisk form.
    {"3.2.3 CONNECT", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n"sv, "known:CONNECT a.example:443 1.1 keep host=a.example"},
    {"3.2.3 authority form with GET", "GET a.example:443 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET a.example:443"},
    {"3.2.4 OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"sv, "OPTIONS * 1.1 keep host=h"},
    {"3.2.3 CONNECT with IPv6", "CONNECT [::1]:443 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "known:CONNECT [::1]:443 1.1 keep host=h"},
    {"3.2.3 CONNECT without a port", "CONNECT a.example HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT a.example"},
    {"3.2.3 CONNECT with an empty port", "CONNECT a.example: HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT a.example:"},
    {"3.2.3 CONNECT with IPv6 without a port", "CONNECT [::1] HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT [::1]"},
    {"3.2.3 CONNECT without a host", "CONNECT :443 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT :443"},
    {"3.2.3 CONNECT with a path", "CONNECT /p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT /p"},
    {"3.2.3 CONNECT with a path behind the port", "CONNECT a:1/p HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT a:1/p"},
    {"3.2.3 CONNECT with a query", "CONNECT a:1?2 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT a:1"},
    {"3.2.3 CONNECT with a URI", "CONNECT http://a:1 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT http://a:1"},
    {"3.2.3 CONNECT with userinfo", "CONNECT u@a:1 HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of CONNECT u@a:1"},
    {"3.2.4 OPTIONS * with an empty query", "OPTIONS *? HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of OPTIONS *"},
    {"3.2.4 OPTIONS * with a query", "OPTIONS *?q HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of OPTIONS *"},
    {"3.2.4 asterisk with GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of GET *"},
    {"3.2.4 asterisk with a method we do not know", "PRY * HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_target of PRY *"},

    // RFC 9112 section 2.3 and RFC 9110 section 2.5: versions.
    {"2.3 HTTP/1.0", "GET /p HTTP/1.0\r\nHost: h\r\n\r\n"sv, "GET /p 1.0 close host=h"},
    {"2.3 HTTP/1.2 is answered as 1.1", "GET /p HTTP/1.2\r\nHost: h\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"2.3 HTTP/1.9 is answered as 1.1", "GET /p HTTP/1.9\r\nHost: h\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"2.3 HTTP/2.0", "GET /p HTTP/2.0\r\nHost: h\r\n\r\n"sv, "505 unsupported_version of GET /p"},
    {"2.3 HTTP/3.0", "GET /p HTTP/3.0\r\nHost: h\r\n\r\n"sv, "505 unsupported_version of GET /p"},
    {"2.3 HTTP/0.9", "GET /p HTTP/0.9\r\nHost: h\r\n\r\n"sv, "505 unsupported_version of GET /p"},
    {"2.3 the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, "505 unsupported_version of PRI *"},
    {"2.3 no minor version", "GET /p HTTP/2\r\nHost: h\r\n\r\n"sv, "400 bad_version"},
    {"2.3 two digits", "GET /p HTTP/1.10\r\nHost: h\r\n\r\n"sv, "400 bad_request_line"},
    {"2.3 two digits before the dot", "GET /p HTTP/11.1\r\nHost: h\r\n\r\n"sv, "400 bad_version"},
    {"2.3 lower case", "GET /p http/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_version"},
    {"2.3 another protocol", "GET /p HTCP/1.1\r\nHost: h\r\n\r\n"sv, "400 bad_version"},
    {"2.3 a comma", "GET /p HTTP/1,1\r\nHost: h\r\n\r\n"sv, "400 bad_version"},
    {"2.3 a letter", "GET /p HTTP/1.x\r\nHost: h\r\n\r\n"sv, "400 bad_version"},
    {"2.3 RTSP", "OPTIONS / RTSP/1.0\r\n\r\n"sv, "400 bad_version"},
};
// clang-format on

}  // namespace pixel::edge::test
