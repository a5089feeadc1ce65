// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <gtest/gtest.h>

#include <string>

namespace pixel::base {
namespace {

std::string read(std::string_view text) {
  const auto parsed = parse_host_port(text);
  return parsed ? parsed->host + " " + std::to_string(parsed->port) : std::string("nothing");
}

TEST(Address, HostsAndPorts) {
  EXPECT_EQ(read("0.0.0.0:8080"), "0.0.0.0 8080");
  EXPECT_EQ(read("127.0.0.1:0"), "127.0.0.1 0");
  EXPECT_EQ(read("localhost:65535"), "localhost 65535");
  EXPECT_EQ(read("[::1]:8080"), "::1 8080");
  EXPECT_EQ(read("[::]:80"), ":: 80");
}

TEST(Address, RefusesOtherForms) {
  for (const char* text :
       {"", ":", ":80", "host", "host:", "host:x", "host:80x", "host:-1", "host:+1", "host: 80",
        "host:65536", "::1:80", "[::1]", "[::1]80", "[]:80", "[::1:80", "::1]:80", "host:80 "}) {
    EXPECT_EQ(read(text), "nothing") << text;
  }
}

}  // namespace
}  // namespace pixel::base
