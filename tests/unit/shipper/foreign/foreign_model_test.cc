// SPDX-License-Identifier: Apache-2.0
// Random lives of a log: written, rotated in every way, compressed, looked at, read, and killed at
// any moment. Each line once in the end, whatever the order was. A failure prints its seed.
#include "base/prng.h"
#include "tests/unit/shipper/foreign/foreign_world.h"

namespace pixel::shipper {
namespace {

class RandomLife {
 public:
  explicit RandomLife(std::uint64_t seed)
      : world_(SourceKind::kTail, false, TemporaryDirectory::memory()), prng_(seed) {
    begin_file();
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    append(1);
    world_.drain();
    world_.settle_delivered();
    world_.drain();
  }
  const ForeignWorld& world() const { return world_; }
  int written() const { return next_; }

 private:
  std::uint64_t below(std::uint64_t bound) { return prng_.next() % bound; }
  void begin_file() { world_.write("a.log", kForeignHeader); }
  void append(int lines) {
    world_.append("a.log", foreign_lines(next_, next_ + lines));
    next_ += lines;
  }
  // a.log.3 becomes a.log.4 and so on, whatever is compressed of them.
  void shift() {
    for (int i = 30; i >= 1; --i) {
      for (const char* suffix : {"", ".gz"}) {
        const std::string from = "a.log." + std::to_string(i) + suffix;
        const std::string to = "a.log." + std::to_string(i + 1) + suffix;
        if (std::filesystem::exists(world_.path(from))) world_.rename(from, to);
      }
    }
  }
  void rotate() {
    shift();
    if (below(2) == 0) {
      world_.rename("a.log", "a.log.1");
      if (below(3) == 0) {
        // The writer goes on in the renamed file for a while.
        world_.append("a.log.1", foreign_lines(next_, next_ + 1));
        ++next_;
      }
    } else {
      copytruncate();
    }
    begin_file();
  }
  // The copy may be seen half done.
  void copytruncate() {
    const std::string text = world_.read_file("a.log");
    world_.write("a.log.1", std::string_view(text).substr(0, below(text.size() + 1)));
    if (below(2) == 0) maybe_look();
    world_.write("a.log.1", text);
    if (below(2) == 0) maybe_look();
    ASSERT_EQ(::truncate(world_.path("a.log").c_str(), 0), 0);
    if (below(2) == 0) maybe_look();
  }
  void compress() {
    for (int i = 1; i < 30; ++i) {
      const std::string name = "a.log." + std::to_string(i);
      if (!std::filesystem::exists(world_.path(name)) || below(3) != 0) continue;
      const std::string packed = gzip_member(world_.read_file(name)).value();
      world_.write(name + ".gz", std::string_view(packed).substr(0, below(packed.size())));
      if (below(2) == 0) maybe_look();
      world_.write(name + ".gz", packed);
      if (below(2) == 0) maybe_look();
      world_.remove(name);
      return;
    }
  }
  void maybe_look() {
    switch (below(3)) {
      case 0:
        world_.look();
        break;
      case 1:
        world_.look_at({world_.path("a.log"), world_.path("a.log.1")});
        break;
      default:
        world_.look_and_die();
    }
  }
  void step() {
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
        return append(static_cast<int>(1 + below(20)));
      case 3:
        return rotations_++ < 25 ? rotate() : append(1);
      case 4:
        return compress();
      case 5:
        return world_.look_at({world_.path("a.log")});
      case 6:
        return world_.look();
      case 7:
        return world_.read(1 + below(3));
      case 8:
        return world_.read();
      case 9:
        return below(2) == 0 ? world_.restart() : world_.look_and_die();
      case 10:
        return world_.settle_delivered();
      default:
        return world_.advance(below(4) * world_.options().settle_ns / 2);
    }
  }

  ForeignWorld world_;
  base::Prng prng_;
  int next_ = 0;
  int rotations_ = 0;
};

TEST(ForeignModel, EachLineOnceAfterAnyLife) {
  const char* const wanted = std::getenv("PIXEL_FOREIGN_SEEDS");
  const std::uint64_t seeds = wanted == nullptr ? 50 : std::strtoull(wanted, nullptr, 10);
  const char* const first = std::getenv("PIXEL_FOREIGN_FIRST_SEED");
  const std::uint64_t begin = first == nullptr ? 1 : std::strtoull(first, nullptr, 10);
  for (std::uint64_t seed = begin; seed < begin + seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomLife life(seed);
    life.run(120);
    expect_exactly(life.world(), 0, life.written());
    EXPECT_EQ(life.world().missing(), 0U);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace pixel::shipper
