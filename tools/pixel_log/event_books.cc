// SPDX-License-Identifier: Apache-2.0
// COLD: see event_books.h.
#include "tools/pixel_log/event_books.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "logfmt/event_line.h"
#include "tools/pixel_log/sequence_check.h"

namespace pixel::logs {
namespace {

// Nothing where the line is no event.
std::optional<logfmt::EventHead> read_event(std::string_view line) {
  if (!nlohmann::json::accept(line.begin(), line.end())) return std::nullopt;
  return logfmt::parse_event_head(line);
}

// Follows one events segment.
class EventCheck {
 public:
  EventCheck(const logfmt::RequestIdCipher* cipher, SegmentBooks& books,
             std::vector<Defect>& defects)
      : cipher_(cipher), books_(books), sequences_(books, defects) {}

  void event(const logfmt::EventHead& head, std::string_view text, std::size_t begin) {
    sequences_.follow(head.sequence, text, begin);
    if (cipher_ == nullptr) return;
    const auto plain = cipher_->decode(head.request_id);
    const logfmt::LaneId& lane = books_.segment.lane;
    if (!plain || plain->node != lane.node || plain->boot != lane.boot ||
        plain->worker != lane.worker) {
      const auto what = fmt::format("request id {} is not of this worker, or the key is another",
                                    head.request_id);
      return sequences_.mismatch(what, text, begin);
    }
    books_.last_request = std::max(books_.last_request.value_or(0), plain->sequence);
  }

 private:
  const logfmt::RequestIdCipher* cipher_;
  SegmentBooks& books_;
  SequenceCheck sequences_;
};

}  // namespace

void count_events(std::string_view text, const logfmt::RequestIdCipher* cipher, SegmentBooks& books,
                  std::vector<Defect>& defects) {
  EventCheck check(cipher, books, defects);
  std::size_t first_torn = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (!line.empty() && line[0] != '#') {
      ++books.lines;
      if (const auto head = read_event(line)) {
        check.event(*head, text, begin);
      } else if (books.torn_lines++ == 0) {
        first_torn = begin;
      }
    }
    begin = end + 1;
  }
  if (books.torn_lines == 0) return;
  defects.push_back({DefectKind::kTorn, to_text(books.segment),
                     fmt::format("{} lines are no events, the first is line {}", books.torn_lines,
                                 line_number(text, first_torn)),
                     books.torn_lines});
}

}  // namespace pixel::logs
