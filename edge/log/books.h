// SPDX-License-Identifier: Apache-2.0
// The control pages of a spool at recovery: whose owner lives, and the books of those whose owner
// is gone. COLD.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edge/log/spool.h"
#include "logfmt/control_page.h"
#include "logfmt/manifest.h"

namespace pixel::edge {

/// A process life: node and boot.
using LifeId = std::pair<std::uint16_t, std::uint32_t>;

struct Life {
  enum class State {
    kLives,    // Its page is locked: hands off.
    kForeign,  // Its page has another format version: hands off, and say so.
    kGone,     // To be recovered.
  };
  State state = State::kGone;
  std::string page_name;
  std::optional<logfmt::BootLedger> books;  // kGone, unless the page is unreadable.
};

/// Classifies every control page among `active_names`. Notes unreadable pages in `problems`.
std::map<LifeId, Life> read_control_pages(const Spool& spool,
                                          const std::vector<std::string>& active_names,
                                          std::vector<std::string>& problems);

/// The totals of a control page.
logfmt::BootLedger add_up(const logfmt::ControlPage& page, bool clean);

/// Writes the ledger into sealed/ unless a valid one is there (the process closed its own books and
/// died before it removed its page), then removes the page.
base::Status close_books(const Spool& spool, const logfmt::BootLedger& books,
                         const std::string& page_name);

}  // namespace pixel::edge
