// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: each file of the corpus as it is, cut at every length up to
// 512 bytes, and a few thousand seeded mutations. What ./check runs with g++.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "base/prng.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// An exact heap copy, so that a sanitizer sees the first byte read beyond the input.
void run_one(const std::string& input) {
  const auto copy = std::make_unique<std::uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), copy.get());
  LLVMFuzzerTestOneInput(copy.get(), input.size());
}

std::string mutate(std::string input, pixel::base::Prng& prng) {
  const std::uint64_t changes = 1 + prng.below(6);
  for (std::uint64_t i = 0; i < changes && !input.empty(); ++i) {
    const std::size_t at = prng.below(input.size());
    switch (prng.below(4)) {
      case 0:
        input[at] = static_cast<char>(prng.below(256));
        break;
      case 1:
        input.erase(at, 1 + prng.below(8));
        break;
      case 2:
        input.insert(at, 1, static_cast<char>(prng.below(256)));
        break;
      default:
        input.insert(at, input.substr(prng.below(input.size()), prng.below(32)));
        break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t runs = 1;
  run_one({});
  pixel::base::Prng prng(20261120);
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) continue;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string input{std::istreambuf_iterator<char>(file), {}};
      run_one(input);
      for (std::size_t cut = 0; cut < input.size() && cut < 512; ++cut)
        run_one(input.substr(0, cut));
      for (int j = 0; j < 2000; ++j) run_one(mutate(input, prng));
      runs += 2001 + (input.size() < 512 ? input.size() : 512);
    }
  }
  std::printf("%llu inputs, no fault\n", static_cast<unsigned long long>(runs));
  return 0;
}
