// SPDX-License-Identifier: Apache-2.0
// Chunked bodies: bytes and what the decoder says of them, by part of the grammar (RFC 9112 section
// 7.1). What follows a complete body comes behind ", then ".
#pragma once

#include <string_view>

#include "tests/unit/edge/http/request_line_cases.h"

namespace pixel::edge::test {

// clang-format off
inline constexpr Case kBodyCases[] = {
    // chunked-body = *chunk last-chunk trailer-section CRLF
    {"nothing yet", ""sv, "incomplete"},
    {"an empty body", "0\r\n\r\n"sv, "complete "},
    {"one chunk", "5\r\nhello\r\n0\r\n\r\n"sv, "complete hello"},
    {"two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"sv, "complete hello world"},
    {"chunks of one byte", "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"sv, "complete abc"},
    {"data that looks like framing", "a\r\n0\r\n\r\n1\r\n\r\n\r\n0\r\n\r\n"sv, "complete 0\r\n\r\n1\r\n\r\n"},
    {"data with every odd byte", "4\r\n\0\xff\r\n\r\n0\r\n\r\n"sv, "complete \0\xff\r\n"sv},
    {"the next request behind it", "1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n"sv, "complete a, then GET / HTTP/1.1\r\n"},
    {"no last chunk", "1\r\na\r\n"sv, "incomplete"},
    {"no empty line", "1\r\na\r\n0\r\n"sv, "incomplete"},

    // chunk-size = 1*HEXDIG
    {"size in capitals", "A\r\n0123456789\r\n0\r\n\r\n"sv, "complete 0123456789"},
    {"size in both cases", "0000000a\r\n0123456789\r\n0\r\n\r\n"sv, "complete 0123456789"},
    {"sixteen digits", "0000000000000001\r\na\r\n0000000000000000\r\n\r\n"sv, "complete a"},
    {"seventeen digits", "00000000000000001\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"seventeen digits that would wrap", "10000000000000001\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"the greatest size", "ffffffffffffffff\r\na"sv, "413 body_too_large"},
    {"a size of 2^63", "8000000000000000\r\na"sv, "413 body_too_large"},
    {"a size of 2^32", "100000000\r\na"sv, "413 body_too_large"},
    {"no size", "\r\n\r\n"sv, "400 bad_chunk"},
    {"no size behind data", "1\r\na\r\n\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"0x", "0x1\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"plus sign", "+1\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"minus sign", "-1\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"a letter that is no digit", "g\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"at sign, one before A", "@\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"underscore", "1_0\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"dot", "1.\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"comma", "1,1\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"high byte", "\xb1\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"NUL", "1\0\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"space before", " 1\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"space behind", "1 \r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"tab behind", "1\t\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"space inside", "1 0\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},

    // Lines end in CRLF and nothing else.
    {"bare LF behind a size", "1\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"bare CR behind a size", "1\ra\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"CR CR LF behind a size", "1\r\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"bare LF behind data", "1\r\na\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"bare CR behind data", "1\r\na\r0\r\n\r\n"sv, "400 bad_chunk"},
    {"nothing behind data", "1\r\na0\r\n\r\n"sv, "400 bad_chunk"},
    {"data longer than its size", "1\r\nab\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"data shorter than its size", "3\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"bare LF behind the last size", "0\n\r\n"sv, "400 bad_chunk"},
    {"bare LF at the end", "0\r\n\n"sv, "400 bad_chunk"},
    {"bare CR at the end", "0\r\n\rx"sv, "400 bad_chunk"},

    // chunk-ext = *( ";" chunk-ext-name [ "=" chunk-ext-val ] ), its white space refused
    {"an extension", "1;a=b\r\na\r\n0\r\n\r\n"sv, "complete a"},
    {"an extension without a value", "1;a\r\na\r\n0;z\r\n\r\n"sv, "complete a"},
    {"three extensions", "1;a;b=c;d=\"e\"\r\na\r\n0\r\n\r\n"sv, "complete a"},
    {"every odd tchar", "1;!#$%&'*+-.^_`|~=!#$%&'*+-.^_`|~\r\na\r\n0\r\n\r\n"sv, "complete a"},
    {"quoted text", "1;a=\" \t;=,:\x80\xff()\"\r\na\r\n0\r\n\r\n"sv, "complete a"},
    {"quoted nothing", "1;a=\"\"\r\na\r\n0\r\n\r\n"sv, "complete a"},
    {"quoted pairs", "1;a=\"\\\"\\\\\\ \\a\"\r\na\r\n0\r\n\r\n"sv, "complete a"},
    {"quoted semicolon and quote", "1;a=\"\\\";\";b\r\na\r\n0\r\n\r\n"sv, "complete a"},
    {"no name", "1;\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"no name before an equals sign", "1;=b\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"no name between semicolons", "1;;a\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"no value", "1;a=\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"two values", "1;a=b=c\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"token behind a quote", "1;a=\"b\"c\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"quote inside a token", "1;a=b\"c\"\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"quoted name", "1;\"a\"=b\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"a quote that does not end", "1;a=\"b\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"CRLF in quotes", "1;a=\"b\r\n\"\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"LF in quotes", "1;a=\"b\n\"\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"NUL in quotes", "1;a=\"\0\"\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"quoted CR", "1;a=\"\\\r\n\"\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"bare LF behind an extension", "1;a\nb\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"bare LF behind quotes", "1;a=\"b\"\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"bare CR behind an extension", "1;a\rb\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"space before a semicolon", "1 ;a\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"space behind a semicolon", "1; a\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"space before an equals sign", "1;a =b\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"space behind an equals sign", "1;a= b\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"space at the end", "1;a=b \r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"slash in a value", "1;a=b/c\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},
    {"high byte in a name", "1;\xe9\r\na\r\n0\r\n\r\n"sv, "400 bad_chunk"},

    // trailer-section = *( field-line CRLF )
    {"a trailer", "1\r\na\r\n0\r\nDigest: x\r\n\r\n"sv, "complete a"},
    {"three trailers", "0\r\nA: b\r\nC:\r\nD: \t\xff \r\n\r\n"sv, "complete "},
    {"trailers that mean nothing here", "0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: x\r\nConnection: close\r\n\r\nhello"sv, "complete , then hello"},
    {"a trailer without a name", "0\r\n: b\r\n\r\n"sv, "400 bad_chunk"},
    {"a trailer without a colon", "0\r\nA\r\n\r\n"sv, "400 bad_chunk"},
    {"space before the colon", "0\r\nA : b\r\n\r\n"sv, "400 bad_chunk"},
    {"space before the name", "0\r\n A: b\r\n\r\n"sv, "400 bad_chunk"},
    {"a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"sv, "400 bad_chunk"},
    {"NUL in a trailer", "0\r\nA: \0\r\n\r\n"sv, "400 bad_chunk"},
    {"bare LF behind a trailer", "0\r\nA: b\n\r\n"sv, "400 bad_chunk"},
    {"bare CR behind a trailer", "0\r\nA: b\rC: d\r\n\r\n"sv, "400 bad_chunk"},
    {"a request line for a trailer", "0\r\nGET / HTTP/1.1\r\n\r\n"sv, "400 bad_chunk"},
    {"a high byte in a name", "0\r\n\xe9: b\r\n\r\n"sv, "400 bad_chunk"},
};
// clang-format on

}  // namespace pixel::edge::test
