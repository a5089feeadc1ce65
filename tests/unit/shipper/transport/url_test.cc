// SPDX-License-Identifier: Apache-2.0
#include "shipper/transport/url.h"

#include <gtest/gtest.h>

#include "shipper/transport/digest.h"

namespace pixel::shipper {
namespace {

TEST(UrlTest, UnreservedCharactersStay) {
  EXPECT_EQ(encode_query_text("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(encode_query_text("a b+c/d=e&f"), "a%20b%2Bc%2Fd%3De%26f");
  EXPECT_EQ(encode_query_text(std::string_view("\0\xC3\xBC", 3)), "%00%C3%BC");
  EXPECT_EQ(encode_path("a/date=2026-11-20/b c"), "a/date%3D2026-11-20/b%20c");
}

TEST(UrlTest, QueriesAreSortedAndHaveTheirEqualsSigns) {
  EXPECT_EQ(encode_query({}), "");
  EXPECT_EQ(encode_query({{"uploads", ""}}), "uploads=");
  EXPECT_EQ(encode_query({{"uploadId", "a+/="}, {"partNumber", "1"}}),
            "partNumber=1&uploadId=a%2B%2F%3D");
}

TEST(UrlTest, AnOriginHasNoSecret) {
  EXPECT_EQ(url_origin("https://u:p@host:8443/path?q#f"), "https://host:8443");
  EXPECT_EQ(url_origin("http://[::1]:80"), "http://[::1]:80");
  EXPECT_EQ(url_origin("http://host?x@y"), "http://host");
  EXPECT_EQ(url_origin("nonsense"), "");
}

TEST(DigestTest, KnownAnswers) {
  // FIPS 180-4, examples; RFC 4648, section 10.
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace pixel::shipper
