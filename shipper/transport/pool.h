// SPDX-License-Identifier: Apache-2.0
// What concurrent calls of deliver() cannot share (clients, encoders), kept from one to the next:
// each call borrows one. COLD; any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace pixel::shipper {

template <class Item>
class Pool {
 public:
  using Maker = std::function<std::unique_ptr<Item>()>;
  explicit Pool(Maker maker) : maker_(std::move(maker)) {}

  /// Goes back with the end of its life, which must come before the pool's.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Item> item) : pool_(pool), item_(std::move(item)) {}
    ~Lease() {
      const std::lock_guard lock(pool_.mutex_);
      pool_.idle_.push_back(std::move(item_));
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Item* operator->() const noexcept { return item_.get(); }
    Item& operator*() const noexcept { return *item_; }

   private:
    Pool& pool_;
    std::unique_ptr<Item> item_;
  };

  Lease borrow() {
    std::unique_ptr<Item> item;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        item = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (item == nullptr) item = maker_();
    return Lease(*this, std::move(item));
  }

 private:
  const Maker maker_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Item>> idle_;  // Guarded by mutex_.
};

}  // namespace pixel::shipper
