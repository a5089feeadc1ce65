// SPDX-License-Identifier: Apache-2.0
// The vector scans against the table, bit by bit, at every alignment; no byte beyond the input,
// proven by pages that cannot be read on both sides of it.
#include "edge/http/scan.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/prng.h"
#include "edge/http/byte_class.h"
#include "tests/unit/edge/http/cases.h"
#include "tests/unit/edge/http/describe.h"

namespace pixel::edge::test {
namespace {

// One readable stretch between two pages whose touch ends the process.
class GuardedPages {
 public:
  explicit GuardedPages(std::size_t data_bytes)
      : page_bytes_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        data_bytes_((data_bytes + page_bytes_ - 1) / page_bytes_ * page_bytes_) {
    void* const base =
        mmap(nullptr, data_bytes_ + 2 * page_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(base, MAP_FAILED);
    base_ = static_cast<char*>(base);
    EXPECT_EQ(mprotect(base_ + page_bytes_, data_bytes_, PROT_READ | PROT_WRITE), 0);
  }
  ~GuardedPages() { munmap(base_, data_bytes_ + 2 * page_bytes_); }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  /// The bytes, copied so that they begin right behind an unreadable page.
  std::string_view at_begin(std::string_view bytes) { return copy(base_ + page_bytes_, bytes); }
  /// The bytes, copied so that they end right before an unreadable page.
  std::string_view at_end(std::string_view bytes) {
    return copy(base_ + page_bytes_ + data_bytes_ - bytes.size(), bytes);
  }

 private:
  static std::string_view copy(char* to, std::string_view bytes) {
    std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
  }

  std::size_t page_bytes_;
  std::size_t data_bytes_;
  char* base_ = nullptr;
};

bool bit_of(const std::uint64_t* words, std::size_t index) {
  return (words[index / 64] >> (index % 64) & 1) != 0;
}

// All bits of one window; those beyond the input in its last word must be 0.
void expect_targets_by_table(const ScanOps& scan, std::string_view bytes, std::size_t offset) {
  TargetMasks target;
  scan.target(bytes, offset, target);
  const std::size_t left = bytes.size() - offset;
  const std::size_t words = (left + kScanBlockBytes - 1) / kScanBlockBytes;
  for (std::size_t i = 0; i < std::min(words, TargetMasks::kBlocks) * kScanBlockBytes; ++i) {
    const std::uint8_t classes =
        i < left ? kByteClass[static_cast<unsigned char>(bytes[offset + i])] : 0;
    ASSERT_EQ(bit_of(target.target_end, i), (classes & kTargetEndByte) != 0) << i;
  }
}

// What scan.h says of stops, a byte at a time, and of what follows a malformed line what the scans
// make of it: they must agree there too.
std::vector<std::size_t> stops_by_table(std::string_view bytes, std::size_t begin) {
  std::vector<std::size_t> stops;
  bool begins_line = true;
  bool is_in_name = false;
  bool was_control = false;
  for (std::size_t at = begin; at < bytes.size(); ++at) {
    const bool is_token = has_class(bytes[at], kTokenByte);
    const bool is_control = has_class(bytes[at], kValueEndByte);
    is_in_name |= begins_line;
    if ((is_in_name && !is_token) || (is_control && !was_control)) stops.push_back(at);
    is_in_name &= is_token;
    begins_line = is_control && was_control;
    was_control = is_control;
  }
  return stops;
}

std::vector<std::size_t> stops_of(const ScanOps& scan, std::string_view bytes, std::size_t begin) {
  HeadStops found;
  StopWalker walker(scan, bytes, begin, found);
  std::vector<std::size_t> stops;
  for (std::size_t at = walker.next(); at != StopWalker::kNone; at = walker.next()) {
    stops.push_back(at);
  }
  return stops;
}

TEST(ScanTest, TheScalarScanIsAlwaysThere) {
  ASSERT_FALSE(supported_scans().empty());
  EXPECT_EQ(supported_scans().front(), &kScalarScan);
  EXPECT_EQ(supported_scans().back(), &best_scan());
}

TEST(ScanTest, EveryByteValueAtEveryPlaceOfABlock) {
  for (const ScanOps* scan : supported_scans()) {
    for (unsigned value = 0; value < 256; ++value) {
      std::string bytes(kScanBlockBytes, 'a');
      for (std::size_t at = 0; at < kScanBlockBytes; at += 7) {
        bytes[at] = static_cast<char>(value);
      }
      SCOPED_TRACE(std::string(scan->name) + " byte " + std::to_string(value));
      ASSERT_NO_FATAL_FAILURE(expect_targets_by_table(*scan, bytes, 0));
      ASSERT_EQ(stops_of(*scan, bytes, 0), stops_by_table(bytes, 0));
      for (std::size_t place = 0; place < kScanBlockBytes; ++place) {
        const std::string name = std::string(place, 'n') + bytes[0];
        ASSERT_EQ(stops_of(*scan, name, 0), stops_by_table(name, 0)) << place;
        const std::string line = "n:" + std::string(place, 'v') + bytes[0];
        ASSERT_EQ(stops_of(*scan, line, 0), stops_by_table(line, 0)) << place;
      }
    }
  }
}

TEST(ScanTest, RandomBytesOfEverySizeBetweenGuardPages) {
  base::Prng prng(9112);
  GuardedPages pages(1024);
  for (std::size_t size = 1; size <= 700; ++size) {
    std::string bytes(size, '\0');
    // Any bytes, or lines and pieces of lines.
    constexpr std::string_view kLineBytes = "ab:\r\n\r\n \t";
    for (char& byte : bytes) {
      byte = size % 2 == 0 ? static_cast<char>(prng.below(256))
                           : kLineBytes[prng.below(kLineBytes.size())];
    }
    const std::size_t offset = prng.below(size);
    for (const ScanOps* scan : supported_scans()) {
      SCOPED_TRACE(std::string(scan->name) + " size " + std::to_string(size) + " offset " +
                   std::to_string(offset));
      for (const bool at_end : {true, false}) {
        const std::string_view text = at_end ? pages.at_end(bytes) : pages.at_begin(bytes);
        ASSERT_NO_FATAL_FAILURE(expect_targets_by_table(*scan, text, offset));
        ASSERT_EQ(stops_of(*scan, text, offset), stops_by_table(text, offset));
      }
    }
  }
}

TEST(ScanTest, StopsOfLinesOfEveryLength) {
  for (const ScanOps* scan : supported_scans()) {
    for (std::size_t name = 1; name < 140; name += 3) {
      for (std::size_t value : {0U, 1U, 62U, 63U, 64U, 65U, 510U, 511U, 512U, 513U, 1023U, 3000U}) {
        const std::string line = std::string(name, 'n') + ":" + std::string(value, 'v') + "\r\n";
        const std::string bytes = line + line + "\r\n";
        const std::size_t end = line.size() - 2;
        const std::vector<std::size_t> expected{name, end, line.size() + name, line.size() + end,
                                                2 * line.size()};
        std::vector<std::size_t> stops = stops_of(*scan, bytes, 0);
        ASSERT_GE(stops.size(), expected.size());
        stops.resize(expected.size());  // Behind the empty line they mean nothing.
        ASSERT_EQ(stops, expected) << scan->name << " " << name << " " << value;
      }
    }
  }
}

TEST(ScanTest, TargetsAreFoundOverWindows) {
  for (const ScanOps* scan : supported_scans()) {
    for (std::size_t distance : {0U, 1U, 63U, 64U, 127U, 128U, 129U, 1023U, 1024U, 3000U}) {
      const std::string bytes = "/a" + std::string(distance, 'x') + " H";
      TargetMasks masks;
      TargetWalker walker(*scan, bytes, masks);
      EXPECT_EQ(walker.find(0), distance + 2) << scan->name;
      EXPECT_EQ(walker.find(distance + 3), TargetWalker::kNone);
    }
  }
}

TEST(ScanTest, NoCaseReadsBeyondItsBytes) {
  GuardedPages pages(4096);
  for_each_case([&pages](const Case& one, const ScanOps& scan) {
    for (std::size_t size = 0; size <= one.bytes.size(); ++size) {
      const std::string_view prefix = one.bytes.substr(0, size);
      const std::string expected = describe(parse_with(scan, prefix));
      ASSERT_EQ(describe(parse_with(scan, pages.at_end(prefix))), expected);
      ASSERT_EQ(describe(parse_with(scan, pages.at_begin(prefix))), expected);
    }
  });
}

// Mutated requests: all scans give one answer, and no answer changes with more bytes.
TEST(ScanTest, ScansAgreeOnMutatedRequests) {
  base::Prng prng(20261120);
  const std::string_view seed = kHeaderCases[std::size(kHeaderCases) - 1].bytes;
  constexpr std::string_view kBytes = "\r\n:; \t,#?/\0\x7f\x80hH1"sv;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(seed);
    for (std::uint64_t i = prng.below(3) + 1; i > 0; --i) {
      bytes[prng.below(bytes.size())] = kBytes[prng.below(kBytes.size())];
    }
    const Parsed scalar = parse_with(kScalarScan, bytes);
    for (const ScanOps* scan : supported_scans()) {
      const Parsed other = parse_with(*scan, bytes);
      ASSERT_EQ(describe(other), describe(scalar)) << scan->name << "\n" << bytes;
      ASSERT_EQ(other.request.head_bytes, scalar.request.head_bytes);
    }
  }
}

}  // namespace
}  // namespace pixel::edge::test
