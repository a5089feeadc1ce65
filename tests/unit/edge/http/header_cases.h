// SPDX-License-Identifier: Apache-2.0
// Header lines, framing, Host and persistence: bytes and what the parser says of them, by section
// of the RFCs.
#pragma once

#include "tests/unit/edge/http/request_line_cases.h"

namespace pixel::edge::test {

// The beginning of most rows.
#define PIXEL_LINE "GET /p HTTP/1.1\r\n"
#define PIXEL_BEGIN "GET /p HTTP/1.1\r\nHost: h\r\n"
#define PIXEL_BEGIN10 "GET /p HTTP/1.0\r\nHost: h\r\n"

// clang-format off
inline constexpr Case kHeaderCases[] = {
    // RFC 9112 section 5 and RFC 9110 section 5.6.2: names.
    {"5 names have no case", "GET /p HTTP/1.1\r\nhOsT: h\r\nUSER-AGENT: a\r\nreferer: r\r\ncOOKIE: c\r\nX-FORWARDED-for: f\r\n\r\n"sv, "GET /p 1.1 keep host=h referer=r agent=a cookie=c forwarded=f"},
    {"5 any other header is skipped", PIXEL_BEGIN "Accept: */*\r\nX: y\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"5 every odd tchar in a name", PIXEL_BEGIN "!#$%&'*+-.^_`|~09azAZ: y\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"5 no colon", PIXEL_BEGIN "Accept\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 no name", PIXEL_BEGIN ": y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 quote in a name", PIXEL_BEGIN "A\"b: y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 slash in a name", PIXEL_BEGIN "A/b: y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 at sign in a name", PIXEL_BEGIN "A@b: y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 bracket in a name", PIXEL_BEGIN "A[b: y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 brace in a name", PIXEL_BEGIN "A{b: y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 NUL in a name", PIXEL_BEGIN "A\0b: y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 DEL in a name", PIXEL_BEGIN "A\x7f: y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 high byte in a name", PIXEL_BEGIN "A\xe9: y\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5 names of our lengths, other letters", "GET /p HTTP/1.1\r\nHost: h\r\nHosx: 1\r\nCookix: 2\r\nRefereX: 3\r\nUser-Agenx: 4\r\nConnectiox: close\r\nContent-Lengtx: 6\r\nX-Forwarded-Fox: 7\r\nTransfer-Encodinx: 8\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"5 first letters differ", "GET /p HTTP/1.1\r\nHost: h\r\nXost: 1\r\nXookie: 2\r\nXeferer: 3\r\nXser-Agent: 4\r\nXonnection: close\r\nXontent-Length: 6\r\nY-Forwarded-For: 7\r\nXransfer-Encoding: 8\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"5 middle letters differ", "GET /p HTTP/1.1\r\nHost: h\r\nHoot: 1\r\nCoXkie: 2\r\nRefXrer: 3\r\nUser_Agent: 4\r\nConnXction: close\r\nContent_Length: 6\r\nX-Forwarded_For: 7\r\nTransferXEncoding: 8\r\n\r\n"sv, "GET /p 1.1 keep host=h"},

    // RFC 9112 section 5.1: white space.
    {"5.1 no space behind the colon", PIXEL_BEGIN "User-Agent:a\r\n\r\n"sv, "GET /p 1.1 keep host=h agent=a"},
    {"5.1 spaces and tabs around a value", PIXEL_BEGIN "User-Agent: \t a b \t \r\n\r\n"sv, "GET /p 1.1 keep host=h agent=a b"},
    {"5.1 an empty value", PIXEL_BEGIN "User-Agent:\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"5.1 a value of spaces", PIXEL_BEGIN "User-Agent:  \t\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"5.1 space before the colon", PIXEL_BEGIN "User-Agent : a\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.1 tab before the colon", PIXEL_BEGIN "User-Agent\t: a\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.1 space inside a name", PIXEL_BEGIN "User Agent: a\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.1 colons in a value", PIXEL_BEGIN "Referer: http://a:80/:\r\n\r\n"sv, "GET /p 1.1 keep host=h referer=http://a:80/:"},

    // RFC 9112 section 5.2: obsolete line folding.
    {"5.2 folded with a space", PIXEL_BEGIN "Accept: a\r\n b\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.2 folded with a tab", PIXEL_BEGIN "Accept: a\r\n\tb\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.2 folded with nothing", PIXEL_BEGIN "Accept: a\r\n \r\n\r\n"sv, "400 bad_header of GET /p"},

    // RFC 9110 section 5.5: values.
    {"5.5 tab inside", PIXEL_BEGIN "User-Agent: a\tb\r\n\r\n"sv, "GET /p 1.1 keep host=h agent=a\tb"},
    {"5.5 high bytes", PIXEL_BEGIN "User-Agent: \x80\xff\r\n\r\n"sv, "GET /p 1.1 keep host=h agent=\x80\xff"},
    {"5.5 NUL", PIXEL_BEGIN "User-Agent: a\0b\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.5 bell", PIXEL_BEGIN "User-Agent: a\ab\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.5 escape", PIXEL_BEGIN "User-Agent: a\x1b[0m\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.5 DEL", PIXEL_BEGIN "User-Agent: a\x7f\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.5 vertical tab", PIXEL_BEGIN "User-Agent: a\vb\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.5 bare LF", PIXEL_BEGIN "User-Agent: a\nX: b\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.5 bare CR", PIXEL_BEGIN "User-Agent: a\rX: b\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.5 CR CR LF", PIXEL_BEGIN "User-Agent: a\r\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"2.2 bare LF ends the head", PIXEL_BEGIN "\nGET /q HTTP/1.1\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"2.2 bare CR ends the head", PIXEL_BEGIN "\rGET /q HTTP/1.1\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"5.5 a long value", PIXEL_BEGIN "User-Agent: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n"sv, "GET /p 1.1 keep host=h agent=0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"},

    // RFC 9110 section 5.3: repeated lines.
    {"5.3 the first Referer, User-Agent, Cookie", PIXEL_BEGIN "Referer: r\r\nUser-Agent: a\r\nCookie: c\r\nReferer: s\r\nUser-Agent: b\r\nCookie: d\r\n\r\n"sv, "GET /p 1.1 keep host=h referer=r agent=a cookie=c"},
    {"5.3 the last X-Forwarded-For", PIXEL_BEGIN "X-Forwarded-For: forged\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"sv, "GET /p 1.1 keep host=h forwarded=192.0.2.1"},

    // RFC 9112 section 3.2 and RFC 9110 section 7.2: Host.
    {"7.2 missing", PIXEL_LINE "\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 missing, other headers", PIXEL_LINE "Accept: */*\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 missing in HTTP/1.2", "GET /p HTTP/1.2\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 not required in HTTP/1.0", "GET /p HTTP/1.0\r\n\r\n"sv, "GET /p 1.0 close"},
    {"7.2 twice, the same", PIXEL_BEGIN "Host: h\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 twice, in HTTP/1.0", PIXEL_BEGIN10 "Host: g\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 twice, the first empty", PIXEL_LINE "Host:\r\nHost: h\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 empty", PIXEL_LINE "Host:\r\n\r\n"sv, "GET /p 1.1 keep"},
    {"7.2 with a port", PIXEL_LINE "Host: a.example:8080\r\n\r\n"sv, "GET /p 1.1 keep host=a.example:8080"},
    {"7.2 with an empty port", PIXEL_LINE "Host: a.example:\r\n\r\n"sv, "GET /p 1.1 keep host=a.example:"},
    {"7.2 IPv4", PIXEL_LINE "Host: 192.0.2.1:80\r\n\r\n"sv, "GET /p 1.1 keep host=192.0.2.1:80"},
    {"7.2 IPv6", PIXEL_LINE "Host: [2001:db8::1]:80\r\n\r\n"sv, "GET /p 1.1 keep host=[2001:db8::1]:80"},
    {"7.2 underscore and percent", PIXEL_LINE "Host: a_b%2e.example\r\n\r\n"sv, "GET /p 1.1 keep host=a_b%2e.example"},
    {"7.2 a list", PIXEL_LINE "Host: a, b\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 space", PIXEL_LINE "Host: a b\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 slash", PIXEL_LINE "Host: a/b\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 userinfo", PIXEL_LINE "Host: u@a\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 question mark", PIXEL_LINE "Host: a?b\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 fragment", PIXEL_LINE "Host: a#b\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 backslash", PIXEL_LINE "Host: a\\b\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 markup", PIXEL_LINE "Host: <b>\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 high byte", PIXEL_LINE "Host: \xc3\xa9.example\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 letters for a port", PIXEL_LINE "Host: a:b\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 two ports", PIXEL_LINE "Host: a:1:2\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 IPv6 without brackets", PIXEL_LINE "Host: 2001:db8::1\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 bracket not closed", PIXEL_LINE "Host: [::1\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 nothing in brackets", PIXEL_LINE "Host: []\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 letters behind the bracket", PIXEL_LINE "Host: [::1]a\r\n\r\n"sv, "400 bad_host of GET /p"},
    {"7.2 bracket in a name", PIXEL_LINE "Host: a[b]\r\n\r\n"sv, "400 bad_host of GET /p"},

    // RFC 9112 section 6.2 and RFC 9110 section 8.6: Content-Length.
    {"8.6 zero", PIXEL_BEGIN "Content-Length: 0\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"8.6 five", PIXEL_BEGIN "Content-Length: 5\r\n\r\nhello"sv, "GET /p 1.1 keep host=h body length=5"},
    {"8.6 leading zeros", PIXEL_BEGIN "Content-Length: 0005\r\n\r\n"sv, "GET /p 1.1 keep host=h body length=5"},
    {"8.6 the greatest", PIXEL_BEGIN "Content-Length: 18446744073709551615\r\n\r\n"sv, "GET /p 1.1 keep host=h body length=18446744073709551615"},
    {"8.6 one too many", PIXEL_BEGIN "Content-Length: 18446744073709551616\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a digit too many", PIXEL_BEGIN "Content-Length: 184467440737095516150\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 empty", PIXEL_BEGIN "Content-Length:\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 negative", PIXEL_BEGIN "Content-Length: -1\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 plus sign", PIXEL_BEGIN "Content-Length: +1\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 hexadecimal", PIXEL_BEGIN "Content-Length: 0x10\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 fraction", PIXEL_BEGIN "Content-Length: 1.0\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 space inside", PIXEL_BEGIN "Content-Length: 1 0\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 quoted", PIXEL_BEGIN "Content-Length: \"5\"\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 repeated, the same", PIXEL_BEGIN "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"sv, "GET /p 1.1 keep host=h body length=5"},
    {"8.6 repeated, another", PIXEL_BEGIN "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 repeated, zero first", PIXEL_BEGIN "Content-Length: 0\r\nContent-Length: 6\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a list of the same", PIXEL_BEGIN "Content-Length: 5, 5\r\n\r\n"sv, "GET /p 1.1 keep host=h body length=5"},
    {"8.6 a list of different ones", PIXEL_BEGIN "Content-Length: 5, 6\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a list with nothing in it", PIXEL_BEGIN "Content-Length: 5,\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 POST", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"sv, "known:POST /p 1.1 keep host=h body length=3"},

    // RFC 9112 sections 6.1, 6.3 and 7: Transfer-Encoding.
    {"6.1 chunked", PIXEL_BEGIN "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, "GET /p 1.1 keep host=h body"},
    {"6.1 codings have no case", PIXEL_BEGIN "Transfer-Encoding: CHUNKed\r\n\r\n"sv, "GET /p 1.1 keep host=h body"},
    {"6.1 gzip, chunked", PIXEL_BEGIN "Transfer-Encoding: gzip, chunked\r\n\r\n"sv, "GET /p 1.1 keep host=h body"},
    {"6.1 on two lines", PIXEL_BEGIN "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"sv, "GET /p 1.1 keep host=h body"},
    {"6.1 a coding with a parameter", PIXEL_BEGIN "Transfer-Encoding: x;q=1 , chunked\r\n\r\n"sv, "GET /p 1.1 keep host=h body"},
    {"6.1 chunked is not last", PIXEL_BEGIN "Transfer-Encoding: chunked, gzip\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked is not last, two lines", PIXEL_BEGIN "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked twice", PIXEL_BEGIN "Transfer-Encoding: chunked, chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 gzip alone", PIXEL_BEGIN "Transfer-Encoding: gzip\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 identity", PIXEL_BEGIN "Transfer-Encoding: identity\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 empty", PIXEL_BEGIN "Transfer-Encoding:\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 an empty element", PIXEL_BEGIN "Transfer-Encoding: , chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 xchunked", PIXEL_BEGIN "Transfer-Encoding: xchunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 quoted", PIXEL_BEGIN "Transfer-Encoding: \"chunked\"\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked with a parameter", PIXEL_BEGIN "Transfer-Encoding: chunked;q=1\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 vertical tab before it", PIXEL_BEGIN "Transfer-Encoding: \vchunked\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"6.1 space before the colon", PIXEL_BEGIN "Transfer-Encoding : chunked\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"6.1 in HTTP/1.0", PIXEL_BEGIN10 "Transfer-Encoding: chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.3 with Content-Length before it", PIXEL_BEGIN "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.3 with Content-Length behind it", PIXEL_BEGIN "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.3 with Content-Length: 0", PIXEL_BEGIN "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},

    // RFC 9112 section 9.3: persistence.
    {"9.3 1.1 close", PIXEL_BEGIN "Connection: close\r\n\r\n"sv, "GET /p 1.1 close host=h"},
    {"9.3 1.1 CLOSE", PIXEL_BEGIN "Connection: CLOSE\r\n\r\n"sv, "GET /p 1.1 close host=h"},
    {"9.3 1.1 keep-alive", PIXEL_BEGIN "Connection: keep-alive\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"9.3 1.0 keep-alive", PIXEL_BEGIN10 "Connection: Keep-Alive\r\n\r\n"sv, "GET /p 1.0 keep host=h"},
    {"9.3 1.0 close", PIXEL_BEGIN10 "Connection: close\r\n\r\n"sv, "GET /p 1.0 close host=h"},
    {"9.3 close in a list", PIXEL_BEGIN "Connection: TE , close,x\r\n\r\n"sv, "GET /p 1.1 close host=h"},
    {"9.3 keep-alive in a list", PIXEL_BEGIN10 "Connection: x, keep-alive\r\n\r\n"sv, "GET /p 1.0 keep host=h"},
    {"9.3 close wins in a list", PIXEL_BEGIN10 "Connection: keep-alive, close\r\n\r\n"sv, "GET /p 1.0 close host=h"},
    {"9.3 close wins on two lines", PIXEL_BEGIN "Connection: close\r\nConnection: keep-alive\r\n\r\n"sv, "GET /p 1.1 close host=h"},
    {"9.3 closed is not close", PIXEL_BEGIN "Connection: closed\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"9.3 ten other bytes", PIXEL_BEGIN10 "Connection: keep_alive\r\n\r\n"sv, "GET /p 1.0 close host=h"},
    {"9.3 empty elements", PIXEL_BEGIN "Connection: ,,close,\r\n\r\n"sv, "GET /p 1.1 close host=h"},
    {"9.3 Proxy-Connection means nothing", PIXEL_BEGIN10 "Proxy-Connection: keep-alive\r\n\r\n"sv, "GET /p 1.0 close host=h"},

    // RFC 9112 section 11.2: request smuggling, as found in the field.
    {"11.2 hidden behind a bare LF", PIXEL_BEGIN "X: a\nTransfer-Encoding: chunked\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"11.2 hidden behind a bare CR", PIXEL_BEGIN "X: a\rContent-Length: 5\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"11.2 folded coding", PIXEL_BEGIN "Transfer-Encoding:\r\n chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"11.2 NUL in a name", PIXEL_BEGIN "Transfer-Encoding\0: chunked\r\n\r\n"sv, "400 bad_header of GET /p"},
    {"11.2 a whole browser head", "GET /pixel.gif?a=1 HTTP/1.1\r\nHost: px.example.com\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: image/*,*/*;q=0.8\r\nReferer: https://shop.example/\r\nAccept-Encoding: gzip, deflate, br\r\nCookie: a=1; b=2\r\n\r\n"sv, "GET /pixel.gif ?a=1 1.1 keep host=px.example.com referer=https://shop.example/ agent=Mozilla/5.0 (X11; Linux x86_64) cookie=a=1; b=2"},
};
// clang-format on

#undef PIXEL_LINE
#undef PIXEL_BEGIN
#undef PIXEL_BEGIN10

}  // namespace pixel::edge::test
