// SPDX-License-Identifier: Apache-2.0
// A batch -> the bytes of each series of files, piece by piece: what was encoded is written while
// it is still in the cache. One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/batch/batch.h"
#include "shipper/encode/csv.h"
#include "shipper/encode/gzip_encoder.h"
#include "shipper/encode/json_lines.h"
#include "shipper/sinks/file/file_config.h"

namespace pixel::shipper {

class FileContent {
 public:
  explicit FileContent(const FileSinkOptions& options);

  /// One series of files.
  struct Series {
    std::string stem;
    std::string suffix;  // With its dot.
    std::string header;  // Of every file, compressed where the content is.
  };
  /// One per table; one per kind of lane for raw lines.
  const std::vector<Series>& series() const noexcept { return series_; }

  /// Gives `write(series, bytes)` all of the batch; ends with the first error.
  using Write = std::function<base::Status(std::size_t, std::string_view)>;
  base::Status encode(const Batch& batch, const Write& write);
  /// And of some rows, by table. REQUIRES: the format is not raw.
  base::Status encode(const std::vector<RowBlock>& tables, const Write& write);
  /// Only the rows for which `wanted(table, row)` is true. REQUIRES: the format is not raw.
  using Wanted = std::function<bool(std::size_t, std::size_t)>;
  base::Status encode_some(const Batch& batch, const Wanted& wanted, const Write& write);

 private:
  base::Status encode_rows(std::size_t table, const RowBlock& rows, std::size_t begin,
                           std::size_t end, const Write& write);
  base::Status encode_lines(const LineChunk& chunk, const Write& write);
  base::Status give(std::size_t series, std::string_view bytes, const Write& write);

  const FileFormat format_;
  std::vector<Series> series_;
  std::vector<JsonLines> json_;  // By table.
  std::vector<Csv> csv_;         // By table.
  std::optional<GzipEncoder> gzip_encoder_;
};

}  // namespace pixel::shipper
