// SPDX-License-Identifier: Apache-2.0
// Brings finished files of a lake to S3 under the same relative names, each once. A thread of its
// own sends one file after the other; delivery and merging never wait for it. COLD.
//
// Writers and readers: the sink's thread calls open, take and stop; the uploading thread sends.
// mutex_ guards the queue and the log.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "shipper/sinks/lake/lake_config.h"
#include "shipper/sinks/lake/lake_layout.h"
#include "shipper/sinks/lake/lake_upload_log.h"
#include "shipper/transport/object_store.h"

namespace pixel::shipper::lake {

class Uploader {
 public:
  Uploader(const LakeUpload& upload, const LakePaths& paths);
  ~Uploader() { stop(); }
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  /// Reads the log, makes every file in it final, and goes on with those that are not done. Where
  /// the log is damaged, every file there is becomes final: one that is in the bucket and was
  /// merged all the same would be there twice.
  base::Status open(FileIndex& index);

  /// False while enough waits.
  bool has_room();
  /// Makes the file final, durably, and sends it when its turn comes.
  base::Status take(LakeFile& file);
  /// Ends what runs; it is sent again in the next life.
  void stop();

  /// Whether the bucket can be reached.
  base::Status reach() const;

 private:
  void run();
  bool send(const std::string& file);
  void note_done(const std::string& file);
  /// False when it was stopped meanwhile.
  bool pause(std::uint64_t ns);

  const LakeUpload upload_;
  const LakePaths paths_;
  const std::shared_ptr<std::atomic<bool>> stopping_;
  ObjectStore store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  UploadLog log_;                  // Guarded by mutex_.
  std::deque<std::string> queue_;  // "<partition>/<name>". Guarded by mutex_.
  std::thread thread_;
};

}  // namespace pixel::shipper::lake
