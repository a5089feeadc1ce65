// SPDX-License-Identifier: Apache-2.0
// The images byte by byte: those of other servers in base64 as they send them, ours by their
// format.
#include "edge/routes/images.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

namespace pixel::edge::test {
namespace {

std::string base64_of(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const char byte = i + j < bytes.size() ? bytes[i + j] : '\0';
      word = word << 8 | static_cast<unsigned char>(byte);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += i + j > bytes.size() ? '=' : kDigits[word >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

struct KnownImage {
  const char* name;
  const char* base64;
};

constexpr KnownImage kKnownImages[] = {
    {"gif", "R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="},
    {"gif-nginx", "R0lGODlhAQABAIABAAAAAP///yH5BAEAAAEALAAAAAABAAEAAAICTAEAOw=="},
    {"gif-snowplow", "R0lGODlhAQABAPAAAP///wAAACH5BAUAAAAALAAAAAABAAEAAAICRAEAOw=="},
    {"gif-matomo", "R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="},
    {"gif-hpx", "R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="},
    {"gif-37", "R0lGODlhAQABAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="},
    {"gif-35", "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="},
};

TEST(ImagesTest, GifsByName) {
  for (const KnownImage& known : kKnownImages) {
    const PresetImage image = preset_image(known.name);
    EXPECT_EQ(base64_of(image.bytes), known.base64) << known.name;
    EXPECT_EQ(image.content_type, "image/gif");
  }
  EXPECT_EQ(preset_image("gif-37").bytes.size(), 37U);
  EXPECT_EQ(preset_image("gif-35").bytes.size(), 35U);
}

// Walks the sections of a GIF; the number of bytes up to and with its trailer, 0 for none.
std::size_t gif_bytes(std::string_view gif) {
  const auto at = [&](std::size_t i) -> std::size_t {
    return i < gif.size() ? static_cast<unsigned char>(gif[i]) : 0;
  };
  std::size_t i = 13;
  if ((at(10) & 0x80U) != 0) i += std::size_t{3} << ((at(10) & 7U) + 1);
  while (i < gif.size()) {
    if (at(i) == 0x3b) return i + 1;
    if (at(i) != 0x21 && at(i) != 0x2c) return 0;
    i += at(i) == 0x21U ? std::size_t{2} : std::size_t{11};
    while (i < gif.size() && at(i) != 0) i += at(i) + 1;
    ++i;
  }
  return 0;
}

TEST(ImagesTest, GifsAreWhole) {
  for (const KnownImage& known : kKnownImages) {
    const std::string_view gif = preset_image(known.name).bytes;
    EXPECT_EQ(gif_bytes(gif), gif.size()) << known.name;
  }
}

std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

TEST(ImagesTest, ThePngHasItsChunksAndChecksums) {
  const PresetImage image = preset_image("png");
  EXPECT_EQ(image.content_type, "image/png");
  EXPECT_EQ(image.bytes.size(), 67U);
  ASSERT_TRUE(image.bytes.starts_with("\x89PNG\r\n\x1a\n"));
  std::string_view rest = image.bytes.substr(8);
  std::string names;
  while (rest.size() >= 12) {
    const std::uint32_t bytes = big_endian(rest);
    ASSERT_LE(bytes + 12, rest.size());
    names += std::string(rest.substr(4, 4)) + " ";
    EXPECT_EQ(big_endian(rest.substr(8 + bytes)), crc32_of(rest.substr(4, 4 + bytes))) << names;
    rest.remove_prefix(bytes + 12);
  }
  EXPECT_EQ(names, "IHDR IDAT IEND ");
  EXPECT_TRUE(rest.empty());
  // zlib inflates it to five bytes of 0: the filter and the point.
  EXPECT_EQ(base64_of(image.bytes.substr(41, 10)), "eAFjAAEAAAUAAQ==");
}

TEST(ImagesTest, EveryNameIsKnown) {
  const std::set<std::string_view> names(kImageNames.begin(), kImageNames.end());
  EXPECT_EQ(names.size(), kImageNames.size());
  for (const std::string_view name : kImageNames) {
    EXPECT_EQ(preset_image(name).bytes.empty(), name == "none" || name == "file") << name;
  }
  EXPECT_TRUE(preset_image("gif-other").bytes.empty());
}

TEST(ImagesTest, ContentTypesByExtension) {
  EXPECT_EQ(content_type_of("/x/pixel.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(content_type_of("/robots.TXT"), "text/plain; charset=utf-8");
  EXPECT_EQ(content_type_of("a.b.png"), "image/png");
  EXPECT_EQ(content_type_of("/a.gif/b"), "");
  EXPECT_EQ(content_type_of("/gif"), "");
  EXPECT_EQ(content_type_of("/.gif"), "");
  EXPECT_EQ(content_type_of("/x.unknown"), "");
}

}  // namespace
}  // namespace pixel::edge::test
