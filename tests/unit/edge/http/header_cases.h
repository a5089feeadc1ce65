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
    {"5 names have no case", "GET /p HTTP/1.1\r\nhOsT: h\r\nUSER-AGENT: a\r\nreferer: r\r\ncOOKIE: c\r\nX-FORWARDED-for: f\r\n\r\n"sv, "GET /p 1.1 keep host=h referer=r agent=a cookie=c xff=f"},
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
    {"5.3 every X-Forwarded-For, the last first", PIXEL_BEGIN "X-Forwarded-For: forged\r\nX-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n\r\n"sv, "GET /p 1.1 keep host=h xff=192.0.2.1, 192.0.2.2<forged"},
    {"5.3 every Forwarded, the last first", PIXEL_BEGIN "Forwarded: for=a\r\nFORWARDED: for=\"[::1]\", for=b\r\n\r\n"sv, "GET /p 1.1 keep host=h forwarded=for=\"[::1]\", for=b<for=a"},
    {"5.3 of five lines the oldest is forgotten", PIXEL_BEGIN "X-Forwarded-For: 1\r\nX-Forwarded-For: 2\r\nX-Forwarded-For: 3\r\nX-Forwarded-For: 4\r\nX-Forwarded-For: 5\r\n\r\n"sv, "GET /p 1.1 keep host=h xff=5<4<3<2"},
    {"5.3 the first of what a client writes", PIXEL_BEGIN "Origin: a\r\nContent-Type: b\r\nContent-Encoding: c\r\nDNT: 1\r\nOrigin: x\r\nContent-Type: x\r\nContent-Encoding: x\r\nDNT: x\r\n\r\n"sv, "GET /p 1.1 keep host=h [origin=a] [content-type=b] [content-encoding=c] [dnt=1]"},
    {"5.3 the last of what a proxy writes", PIXEL_BEGIN "X-Real-IP: x\r\nCF-Connecting-IP: x\r\nTrue-Client-IP: x\r\nCloudFront-Viewer-Address: x\r\nX-Real-IP: a\r\nCF-Connecting-IP: b\r\nTrue-Client-IP: c\r\nCloudFront-Viewer-Address: d\r\n\r\n"sv, "GET /p 1.1 keep host=h [real-ip=a] [cf-connecting-ip=b] [true-client-ip=c] [viewer-address=d]"},
    {"5.3 the last of what a proxy writes of TLS", PIXEL_BEGIN "X-Forwarded-Proto: x\r\nCloudFront-Forwarded-Proto: x\r\nCF-Visitor: x\r\nCloudFront-Viewer-TLS: x\r\nX-Amzn-Tls-Version: x\r\nX-Amzn-Tls-Cipher-Suite: x\r\nX-Forwarded-Proto: a\r\nCloudFront-Forwarded-Proto: b\r\nCF-Visitor: c\r\nCloudFront-Viewer-TLS: d\r\nX-Amzn-Tls-Version: e\r\nX-Amzn-Tls-Cipher-Suite: f\r\n\r\n"sv, "GET /p 1.1 keep host=h [proto=a] [cloudfront-proto=b] [cf-visitor=c] [viewer-tls=d] [tls-version=e] [tls-cipher=f]"},

    // The headers that only some settings look at.
    {"x each of them", PIXEL_BEGIN "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: X-A, X-B\r\nX-Do-Not-Track: 1\r\nSec-GPC: 1\r\nSP-Anonymous: *\r\nPurpose: prefetch\r\nX-Purpose: preview\r\nX-Moz: prefetch\r\nSec-Purpose: prefetch;prerender\r\n\r\n"sv, "GET /p 1.1 keep host=h [request-method=POST] [request-headers=X-A, X-B] [do-not-track=1] [gpc=1] [anonymous=*] [purpose=prefetch] [x-purpose=preview] [x-moz=prefetch] [sec-purpose=prefetch;prerender]"},
    {"x an empty value is there", PIXEL_BEGIN "Sec-GPC:\r\n\r\n"sv, "GET /p 1.1 keep host=h [gpc=]"},
    {"x names of their lengths, other letters", PIXEL_BEGIN "DNX: 1\r\nX-Mox: 1\r\nOrigix: 1\r\nExpecx: 1\r\nPurposx: 1\r\nSec-GPX: 1\r\nX-Real-IX: 1\r\nX-Purposx: 1\r\nForwardex: 1\r\nCF-Visitox: 1\r\nSec-Purposx: 1\r\nContent-Typx: 1\r\nSP-Anonymoux: 1\r\nTrue-Client-IX: 1\r\nX-Do-Not-Tracx: 1\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"x longer names of their lengths, other letters", PIXEL_BEGIN "Content-Encodinx: 1\r\nCF-Connecting-IX: 1\r\nX-Forwarded-Protx: 1\r\nX-Amzn-Tls-Versiox: 1\r\nCloudFront-Viewer-TLX: 1\r\nX-Amzn-Tls-Cipher-Suitx: 1\r\nCloudFront-Viewer-Addresx: 1\r\nCloudFront-Forwarded-Protx: 1\r\nAccess-Control-Request-Methox: 1\r\nAccess-Control-Request-Headerx: 1\r\n\r\n"sv, "GET /p 1.1 keep host=h"},
    {"x middles of names differ", PIXEL_BEGIN "Content-XXcoding: 1\r\nCF-Connxxxing-IP: 1\r\nAccess-Control-XXXXXXX-Method: 1\r\nAccess-XXXXXXX-Request-Headers: 1\r\nCloudFront-XXXXXX-Address: 1\r\nD-T: 1\r\nX_Moz: 1\r\n\r\n"sv, "GET /p 1.1 keep host=h"},

    // RFC 9110 section 10.1.1: Expect.
    {"10.1.1 100-continue", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"sv, "POST /p 1.1 keep host=h [expect=100-continue] body continue length=3"},
    {"10.1.1 expectations have no case", "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nEXPECT: 100-Continue\r\n\r\n"sv, "POST /p 1.1 keep host=h [expect=100-Continue] body chunked continue"},
    {"10.1.1 twice", PIXEL_BEGIN "Expect: 100-continue\r\nExpect: , 100-continue\r\n\r\n"sv, "GET /p 1.1 keep host=h [expect=100-continue] continue"},
    {"10.1.1 nothing is expected", PIXEL_BEGIN "Expect:\r\n\r\n"sv, "GET /p 1.1 keep host=h [expect=]"},
    {"10.1.1 another expectation", PIXEL_BEGIN "Expect: 200-ok\r\n\r\n"sv, "417 bad_expectation of GET /p"},
    {"10.1.1 another one in the list", PIXEL_BEGIN "Expect: 100-continue, x\r\n\r\n"sv, "417 bad_expectation of GET /p"},
    {"10.1.1 another one on a second line", PIXEL_BEGIN "Expect: 100-continue\r\nExpect: x\r\n\r\n"sv, "417 bad_expectation of GET /p"},
    {"10.1.1 with a parameter", PIXEL_BEGIN "Expect: 100-continue;q=1\r\n\r\n"sv, "417 bad_expectation of GET /p"},
    {"10.1.1 ignored in HTTP/1.0", "POST /p HTTP/1.0\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"sv, "POST /p 1.0 close host=h [expect=100-continue] body length=3"},
    {"10.1.1 any is ignored in HTTP/1.0", PIXEL_BEGIN10 "Expect: x\r\n\r\n"sv, "GET /p 1.0 close host=h [expect=x]"},
    {"10.1.1 bad framing comes first", PIXEL_BEGIN "Expect: x\r\nTransfer-Encoding: gzip\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},

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
    {"8.6 repeated, the same", PIXEL_BEGIN "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 repeated, another", PIXEL_BEGIN "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 repeated, zero first", PIXEL_BEGIN "Content-Length: 0\r\nContent-Length: 6\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a list of the same", PIXEL_BEGIN "Content-Length: 5, 5\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a list of different ones", PIXEL_BEGIN "Content-Length: 5, 6\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a list with nothing in it", PIXEL_BEGIN "Content-Length: 5,\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 spaces inside", PIXEL_BEGIN "Content-Length: 5 5\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a tab inside", PIXEL_BEGIN "Content-Length: 5\t5\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a parameter", PIXEL_BEGIN "Content-Length: 5;\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 a letter", PIXEL_BEGIN "Content-Length: 5a\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 underscores", PIXEL_BEGIN "Content-Length: 1_0\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 an exponent", PIXEL_BEGIN "Content-Length: 1e1\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 digits of another script", PIXEL_BEGIN "Content-Length: \xd9\xa5\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 repeated, zero", PIXEL_BEGIN "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"sv, "400 bad_content_length of GET /p"},
    {"8.6 in HTTP/1.0", "POST /p HTTP/1.0\r\nContent-Length: 5\r\n\r\n"sv, "POST /p 1.0 close body length=5"},
    {"8.6 POST", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"sv, "POST /p 1.1 keep host=h body length=3"},

    // RFC 9112 sections 6.1, 6.3 and 7: Transfer-Encoding.
    {"6.1 chunked", PIXEL_BEGIN "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, "GET /p 1.1 keep host=h body chunked"},
    {"6.1 codings have no case", PIXEL_BEGIN "Transfer-Encoding: CHUNKed\r\n\r\n"sv, "GET /p 1.1 keep host=h body chunked"},
    {"6.1 gzip, chunked", PIXEL_BEGIN "Transfer-Encoding: gzip, chunked\r\n\r\n"sv, "501 unknown_coding of GET /p"},
    {"6.1 on two lines", PIXEL_BEGIN "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"sv, "501 unknown_coding of GET /p"},
    {"6.1 a coding with a parameter", PIXEL_BEGIN "Transfer-Encoding: x;q=1 , chunked\r\n\r\n"sv, "501 unknown_coding of GET /p"},
    {"6.1 chunked is not last", PIXEL_BEGIN "Transfer-Encoding: chunked, gzip\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked is not last, two lines", PIXEL_BEGIN "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked twice", PIXEL_BEGIN "Transfer-Encoding: chunked, chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 gzip alone", PIXEL_BEGIN "Transfer-Encoding: gzip\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 identity", PIXEL_BEGIN "Transfer-Encoding: identity\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 identity, chunked", PIXEL_BEGIN "Transfer-Encoding: identity, chunked\r\n\r\n"sv, "501 unknown_coding of GET /p"},
    {"6.1 chunked in between", PIXEL_BEGIN "Transfer-Encoding: gzip, chunked, gzip\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked twice, two lines", PIXEL_BEGIN "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked with a parameter before a second one", PIXEL_BEGIN "Transfer-Encoding: chunked;a=b, chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked and a semicolon", PIXEL_BEGIN "Transfer-Encoding: chunked;\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 chunked and a comma", PIXEL_BEGIN "Transfer-Encoding: chunked,\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 two words", PIXEL_BEGIN "Transfer-Encoding: gzip chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 a high byte", PIXEL_BEGIN "Transfer-Encoding: \xa0" "chunked\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 a comma in a parameter's quotes", PIXEL_BEGIN "Transfer-Encoding: x;a=\", chunked\r\n\r\n"sv, "501 unknown_coding of GET /p"},
    {"6.1 unknown, and with Content-Length", PIXEL_BEGIN "Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n\r\n"sv, "400 bad_transfer_encoding of GET /p"},
    {"6.1 unknown, and without Host", "GET /p HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"sv, "400 bad_host of GET /p"},
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
