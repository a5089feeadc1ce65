// SPDX-License-Identifier: Apache-2.0
// A shared library that is loaded when it is first needed, and its functions: a program that may
// use it, and does not, pays neither its memory nor its start. Never unloaded. COLD but for the
// calls; any thread.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "base/result.h"

namespace pixel::base {

class LateLibrary {
 public:
  /// `file`: its name without a folder. It is looked for beside the program, then in
  /// ../lib/pixeledge of there, then where the system looks.
  constexpr explicit LateLibrary(const char* file) noexcept : file_(file) {}
  LateLibrary(const LateLibrary&) = delete;
  LateLibrary& operator=(const LateLibrary&) = delete;

  /// Loads it, the first time; the error says where it was looked for. After an error it is tried
  /// again.
  Status load();
  /// The address of a function. REQUIRES: load() succeeded, and the library has it.
  void* find(const char* symbol) const;

 private:
  const char* const file_;
  std::mutex mutex_;
  std::atomic<void*> handle_{nullptr};
};

/// The address of one function of such a library, found with its first use.
template <class Address>
class LateAddress {
 public:
  constexpr LateAddress(const LateLibrary& library, const char* symbol) noexcept
      : library_(library), symbol_(symbol) {}

  Address get() const {
    // Relaxed: each thread that finds none looks for itself, and finds the same.
    Address address = address_.load(std::memory_order_relaxed);
    if (address == nullptr) [[unlikely]] {
      address = reinterpret_cast<Address>(library_.find(symbol_));
      address_.store(address, std::memory_order_relaxed);
    }
    return address;
  }

 private:
  const LateLibrary& library_;
  const char* const symbol_;
  mutable std::atomic<Address> address_{nullptr};
};

/// A function of such a library, called like any other. REQUIRES (of a call): load() succeeded.
template <class Signature>
class LateFunction;

template <class Result, class... Arguments>
class LateFunction<Result(Arguments...)> {
 public:
  constexpr LateFunction(const LateLibrary& library, const char* symbol) noexcept
      : address_(library, symbol) {}
  Result operator()(Arguments... arguments) const { return address_.get()(arguments...); }

 private:
  LateAddress<Result (*)(Arguments...)> address_;
};

template <class Result, class... Arguments>
class LateFunction<Result(Arguments..., ...)> {
 public:
  constexpr LateFunction(const LateLibrary& library, const char* symbol) noexcept
      : address_(library, symbol) {}
  template <class... More>
  Result operator()(Arguments... arguments, More... more) const {
    return address_.get()(arguments..., more...);
  }

 private:
  LateAddress<Result (*)(Arguments..., ...)> address_;
};

}  // namespace pixel::base
