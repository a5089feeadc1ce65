// SPDX-License-Identifier: Apache-2.0
// What a worker relies on when it receives, on both rings: every byte comes, and the end, however
// the bytes lie in the socket when the ring looks.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "edge/net/epoll_ring.h"
#include "edge/net/kernel_ring.h"
#include "edge/net/operations.h"

namespace pixel::edge {
namespace {

constexpr RingOptions kSmall{.submission_entries = 64,
                             .completion_entries = 256,
                             .receive_buffers = 16,
                             .receive_buffer_bytes = 1024};

struct TcpPair {
  base::UniqueFd client;
  base::UniqueFd server;
};

TcpPair connect_pair() {
  const base::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = static_cast<sockaddr*>(static_cast<void*>(&address));
  socklen_t bytes = sizeof address;
  EXPECT_EQ(::bind(listener.get(), name, bytes), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(::getsockname(listener.get(), name, &bytes), 0);
  TcpPair pair;
  pair.client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(pair.client.get(), name, bytes), 0);
  pair.server.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return pair;
}

template <class R>
class RingReceive : public testing::Test {
 protected:
  void SetUp() override {
    auto made = R::create(kSmall);
    if (!made) GTEST_SKIP() << made.error().message;
    ring_ = std::move(made).value();
    arm();
  }

  void arm() {
    prepare_receive(ring_->next_entry(), pair_.server.get(), {Operation::kReceive, 0, 0});
  }

  void send(std::string_view bytes, int flags = 0) {
    EXPECT_EQ(::send(pair_.client.get(), bytes.data(), bytes.size(), flags),
              static_cast<ssize_t>(bytes.size()));
  }

  /// Enters until `bytes` bytes have come in all, or the receive has ended, or 100 ms were silent.
  /// Buffers go back at once, but for those that `keeps`.
  std::string receive(std::size_t bytes, bool keeps = false) {
    bool silent = false;
    while (received_.size() < bytes && !ended_ && !silent) {
      silent = true;
      ring_->enter(Wait{1, 0, 100'000'000});
      ring_->for_each_completion(
          [&](const io_uring_cqe& completion) {
            silent = false;
            take(completion, keeps);
          },
          [](const io_uring_cqe&, Ahead) {});
      ring_->publish_buffers();
    }
    return received_;
  }

  void take(const io_uring_cqe& completion, bool keeps) {
    if (completion.res > 0) {
      const auto buffer = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
      received_.append(ring_->receive_buffer(buffer), static_cast<std::size_t>(completion.res));
      keeps ? kept_.push_back(buffer) : ring_->give_back(buffer);
    }
    if ((completion.flags & IORING_CQE_F_MORE) != 0) return;
    ended_ = true;
    result_ = completion.res;
  }

  TcpPair pair_ = connect_pair();
  std::unique_ptr<R> ring_;
  std::string received_;
  std::vector<std::uint16_t> kept_;
  bool ended_ = false;
  int result_ = 0;
};

using Rings = testing::Types<KernelRing, EpollRing>;
TYPED_TEST_SUITE(RingReceive, Rings);

TYPED_TEST(RingReceive, BytesAndTheEndThatCameTogether) {
  this->send("last words");
  ::shutdown(this->pair_.client.get(), SHUT_WR);
  EXPECT_EQ(this->receive(100), "last words");
  EXPECT_TRUE(this->ended_);
  EXPECT_EQ(this->result_, 0);
}

TYPED_TEST(RingReceive, TheEndLongAfterTheBytes) {
  this->send("a");
  EXPECT_EQ(this->receive(1), "a");
  EXPECT_FALSE(this->ended_);
  ::shutdown(this->pair_.client.get(), SHUT_WR);
  this->receive(100);
  EXPECT_TRUE(this->ended_);
}

TYPED_TEST(RingReceive, MoreThanIsReadAtOnce) {
  const std::string much(12 * kSmall.receive_buffer_bytes, 'm');
  this->send(much);
  EXPECT_EQ(this->receive(much.size()), much);
  EXPECT_FALSE(this->ended_);
}

TYPED_TEST(RingReceive, BytesThatFillABufferToItsEnd) {
  for (int i = 0; i < 3; ++i) {
    this->send(std::string(kSmall.receive_buffer_bytes, 'f'));
    EXPECT_EQ(this->receive(static_cast<std::size_t>(i + 1) * kSmall.receive_buffer_bytes).size(),
              static_cast<std::size_t>(i + 1) * kSmall.receive_buffer_bytes);
  }
}

// Receiving halts before an urgent byte, which does not come in line: what is behind it must come
// without a further segment.
TYPED_TEST(RingReceive, BytesBehindUrgentData) {
  this->send("before");
  this->send("!", MSG_OOB);
  this->send("behind");
  EXPECT_EQ(this->receive(12), "beforebehind");
}

TYPED_TEST(RingReceive, WhatWaitedWhileThereWereNoBuffers) {
  const std::string much(20 * kSmall.receive_buffer_bytes, 'w');
  this->send(much);
  const std::size_t first = this->receive(much.size(), true).size();
  EXPECT_EQ(first, 16U * kSmall.receive_buffer_bytes);
  ASSERT_TRUE(this->ended_);
  EXPECT_EQ(this->result_, -ENOBUFS);
  for (const std::uint16_t buffer : this->kept_) this->ring_->give_back(buffer);
  this->ring_->publish_buffers();
  this->ended_ = false;
  this->arm();
  EXPECT_EQ(this->receive(much.size()), much);
}

// The kernel ring keeps back what it has not needed for long.
TYPED_TEST(RingReceive, ABurstAfterLongQuiet) {
  for (std::uint32_t i = 0; i < 2 * BufferStock::kLoops; ++i) {
    this->ring_->enter(Wait{0, 0, 0});
    this->ring_->publish_buffers();
  }
  for (std::size_t round = 1; round <= 4; ++round) {
    const std::size_t bytes = round * 12 * kSmall.receive_buffer_bytes;
    this->send(std::string(12 * kSmall.receive_buffer_bytes, static_cast<char>('a' + round)));
    EXPECT_EQ(this->receive(bytes).size(), bytes);
    EXPECT_FALSE(this->ended_);
  }
}

TEST(BufferStockTest, OffersAQuarterMoreThanTheLastLoopsTook) {
  BufferStock stock(512);
  std::set<std::uint16_t> offered;
  const auto offer = [&](std::uint16_t buffer) { EXPECT_TRUE(offered.insert(buffer).second); };
  for (std::uint16_t i = 0; i < 512; ++i) {
    ASSERT_TRUE(stock.try_offer(i));
    offer(i);
  }
  const auto loop = [&](std::size_t takes) {
    std::vector<std::uint16_t> taken;
    for (std::size_t i = 0; i < takes && !offered.empty(); ++i) {
      taken.push_back(*offered.begin());
      offered.erase(offered.begin());
      stock.note_taken();
    }
    for (const std::uint16_t buffer : taken) {
      if (stock.try_offer(buffer)) offer(buffer);
    }
    stock.end_loop(offer);
  };
  const auto run = [&](std::size_t takes) {
    for (std::uint32_t i = 0; i < 2 * BufferStock::kLoops; ++i) loop(takes);
  };
  run(64);
  EXPECT_EQ(offered.size(), 64U + 16 + BufferStock::kSpare);
  run(1);
  EXPECT_EQ(offered.size(), BufferStock::kWantedMin);
  loop(60);  // At once, not after thousands of loops.
  EXPECT_GE(offered.size(), 120U);
  loop(160);
  EXPECT_GE(offered.size(), 400U);
  run(512);
  EXPECT_EQ(offered.size(), 512U);
}

TYPED_TEST(RingReceive, AResetIsAnError) {
  const linger at_once{1, 0};
  ::setsockopt(this->pair_.client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  this->pair_.client.reset();
  this->receive(1);
  EXPECT_TRUE(this->ended_);
  EXPECT_EQ(this->result_, -ECONNRESET);
}

}  // namespace
}  // namespace pixel::edge
