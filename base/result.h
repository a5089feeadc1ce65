// SPDX-License-Identifier: Apache-2.0
// Result<T, E>: a value or a typed error; Error: a message for an operator. No exceptions cross a
// module of ours.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace pixel::base {

/// A message for an operator: the cause, and where it helps the next step. COLD paths only.
struct Error {
  std::string message;
};

/// The value of a Result that carries none.
struct Unit {};

/// A T or an E. REQUIRES: T and E differ. Reading the side that is absent is a CHECK failure.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & { return *checked<0>(); }
  const T& value() const& { return *checked<0>(); }
  T&& value() && { return std::move(*checked<0>()); }
  const E& error() const { return *checked<1>(); }

  T* operator->() { return checked<0>(); }
  const T* operator->() const { return checked<0>(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

 private:
  template <std::size_t I>
  auto* checked() {
    auto* side = std::get_if<I>(&state_);
    CHECK(side != nullptr);
    return side;
  }
  template <std::size_t I>
  const auto* checked() const {
    const auto* side = std::get_if<I>(&state_);
    CHECK(side != nullptr);
    return side;
  }

  std::variant<T, E> state_;
};

/// Success or an Error.
using Status = Result<Unit, Error>;

/// The Status of success.
inline Status ok_status() { return Unit{}; }

}  // namespace pixel::base
