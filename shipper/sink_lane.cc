// SPDX-License-Identifier: Apache-2.0
// See sink_lane.h.
#include "shipper/sink_lane.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "base/units.h"

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kOnceFailuresMax = 10;

std::unique_ptr<Sink> make_sink(const Config& config, const SinkConfig& sink) {
  return sink.make({sink.name, config.sink_state(sink.name), sink.tables});
}

BatchContent content_of(const SinkConfig& config, const Sink& sink) {
  return {config.tables, sink.traits().takes_lines};
}

PipelineOptions pipeline_options(const SinkConfig& sink, bool once) {
  PipelineOptions options;
  options.name = sink.name;
  options.limits = sink.limits;
  options.retry = sink.retry;
  options.concurrency = sink.concurrency;
  options.rows_per_second_max = sink.rows_per_second_max;
  options.content_hash = sink.rows_fingerprint;
  options.failures_max = once ? kOnceFailuresMax : 0;
  if (once) options.retry.cap_ns = std::min(options.retry.cap_ns, base::kSecondNs);
  options.seed = base::hash64(sink.name) ^ base::monotonic_ns();
  return options;
}

// Null where the sink's own thread is enough.
std::unique_ptr<Dispatcher> make_dispatcher(const SinkConfig& config, const SinkTraits& traits,
                                            Catalogue& catalogue) {
  std::uint32_t threads = traits.keeps_checkpoint ? 1 : traits.concurrency_max;
  if (config.concurrency != 0) threads = std::min(threads, config.concurrency);
  if (threads <= 1) return nullptr;
  return std::make_unique<ThreadDispatcher>(threads, [&catalogue] { catalogue.wake(); });
}

}  // namespace

SinkLane::SinkLane(const Config& config, const SinkConfig& sink_config, Catalogue& catalogue,
                   bool once)
    : settings(sink_config),
      sink(make_sink(config, sink_config)),
      store(config.spool),
      dead_letters(config.sink_state(sink_config.name) / "dead_letters.jsonl"),
      journal(config.sink_state(sink_config.name)),
      wanted(content_of(sink_config, *sink).kinds()),
      resolved(read_resolved(config.sink_state(sink_config.name))),
      dispatcher(make_dispatcher(sink_config, sink->traits(), catalogue)),
      pipeline(pipeline_options(sink_config, once), content_of(sink_config, *sink), *sink, store,
               dead_letters, base::monotonic_ns, &journal, dispatcher.get()),
      runner(pipeline, catalogue) {}

void SinkLane::end() {
  runner.stop(kSinkStopGraceNs);
  runner.join();
  const std::unique_lock lock(in_use);
  if (!std::exchange(closed, true)) pipeline.close();
}

}  // namespace pixel::shipper
