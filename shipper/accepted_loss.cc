// SPDX-License-Identifier: Apache-2.0
// See accepted_loss.h. COLD.
#include "shipper/accepted_loss.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "shipper/state/kept_text.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;

constexpr const char* kStem = "accepted_loss";

}  // namespace

std::string to_text(const AcceptedLoss& loss) {
  const json object = {
      {"lines", loss.lines}, {"accepted_at", loss.accepted_at}, {"reason", loss.reason}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

base::Result<AcceptedLoss> parse_accepted_loss(std::string_view text) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  try {
    return AcceptedLoss{object.at("lines").get<std::uint64_t>(),
                        object.at("accepted_at").get<std::int64_t>(),
                        object.at("reason").get<std::string>()};
  } catch (const json::exception&) {
    return base::Error{"no accepted loss"};
  }
}

AcceptedLoss read_accepted_loss(const std::filesystem::path& sink_state) {
  const auto text = KeptText(sink_state, kStem).load_or_plain(taken_by(parse_accepted_loss));
  if (!text || !text->has_value()) return {};
  return parse_accepted_loss(**text).value();
}

base::Status write_accepted_loss(const std::filesystem::path& sink_state,
                                 const AcceptedLoss& loss) {
  if (auto status = base::create_directories(sink_state); !status) return status;
  KeptText kept(sink_state, kStem);
  // What cannot be read any more is replaced: it accepts nothing.
  (void)kept.load(taken_by(parse_accepted_loss));
  return kept.save_twice(to_text(loss));
}

}  // namespace pixel::shipper
