// SPDX-License-Identifier: Apache-2.0
#include "tools/pixel_log/node_key.h"

#include <gtest/gtest.h>

#include "tests/unit/tools/pixel_log/spool_builder.h"

namespace pixel::logs {
namespace {

TEST(NodeKey, BytesAndDigitsMeanTheSame) {
  const SpoolBuilder spool;
  const auto path = spool.root() / "key";
  char id[logfmt::kRequestIdBytes];
  spool.cipher().encode({1, 2, 3, 4}, id);
  const std::string bytes(kTestKey.begin(), kTestKey.end());
  for (const std::string& content : {bytes, std::string("01020304050607080900000000000000\n")}) {
    SpoolBuilder::put(path, content);
    const auto cipher = load_cipher(path);
    ASSERT_TRUE(cipher.ok());
    EXPECT_EQ(cipher->decode({id, sizeof id})->sequence, 4U);
  }
}

TEST(NodeKey, OtherContentsAreErrors) {
  const SpoolBuilder spool;
  const auto path = spool.root() / "key";
  for (const char* content :
       {"", "short", "0102030405060708090000000000000x", "010203040506070809000000000000000"}) {
    SpoolBuilder::put(path, content);
    EXPECT_FALSE(load_cipher(path).ok()) << content;
  }
  EXPECT_FALSE(load_cipher("/nowhere/key").ok());
}

}  // namespace
}  // namespace pixel::logs
