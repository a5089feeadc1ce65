// SPDX-License-Identifier: Apache-2.0
// A secret that a configuration names and never contains. COLD; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/config_reader.h"
#include "base/result.h"

namespace pixel::shipper {

/// Where a secret lies: "env:NAME", "file:/path" or "credential:NAME" (a file of that name in
/// systemd's $CREDENTIALS_DIRECTORY; source: systemd.exec(5), LoadCredential=). "" is none.
class Secret {
 public:
  Secret() = default;
  /// REQUIRES: is_reference(reference), or "".
  explicit Secret(std::string reference) : reference_(std::move(reference)) {}

  bool is_set() const noexcept { return !reference_.empty(); }
  /// "env:NAME": fit to be printed.
  const std::string& reference() const noexcept { return reference_; }

  /// Its value now, without the line end of a file: it may change while the program runs. An error
  /// where it is absent or empty. Warns of a file that others may read. "" where none is set.
  base::Result<std::string> read() const;

  static bool is_reference(std::string_view text) noexcept;

 private:
  std::string reference_;
};

/// Reads a key that names a secret. The secret itself in the file is an error, which does not show
/// it: it would lie in backups, in version control and on the screens of whoever looks at it.
void read_secret(base::ConfigSection& section, std::string_view key, Secret& secret);

}  // namespace pixel::shipper
