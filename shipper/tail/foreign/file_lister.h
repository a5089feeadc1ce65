// SPDX-License-Identifier: Apache-2.0
// Which files a source has, and which of them changed: listings, and inotify between them. COLD;
// one thread. Idle files cost nothing but a place in the listing.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "shipper/tail/foreign/source_options.h"

namespace pixel::shipper {

class FileLister {
 public:
  explicit FileLister(const SourceOptions& options) : options_(options) {}

  /// All paths that match. Hidden names and links to folders are passed over. An error where a
  /// folder cannot be read; a folder that does not exist is empty. Where a file was named, not
  /// a folder: it and those named after it, to which it is rotated.
  base::Result<std::vector<std::string>> list();

  /// Readable when something changed; -1 where the system gives no inotify: then only list() tells.
  int event_fd() const noexcept { return inotify_.get(); }
  /// Paths that changed since the last call. `needs_listing`: more than that may have changed.
  std::vector<std::string> take_changes(bool& needs_listing);

 private:
  base::Status list_folder(const std::string& folder, int depth, std::vector<std::string>& paths);
  bool matches(const std::string& name) const;
  void watch(const std::string& folder);

  void follow_named_file();

  SourceOptions options_;
  base::UniqueFd inotify_;
  std::map<int, std::string> folders_;  // By watch.
  std::set<std::string> watched_;
};

}  // namespace pixel::shipper
