// SPDX-License-Identifier: Apache-2.0
// pixel-shipper. COLD.
#include "shipper/cli/command_line.h"

// Read by jemalloc before main (man jemalloc, "TUNING"); MALLOC_CONF in the environment comes after
// it. What a batch needs is kept by its sink, so arenas see little traffic: one per thread would
// only keep more pages, and what is freed nobody waits for.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0,oversize_threshold:0";

int main(int argc, char** argv) {
  return pixel::shipper::cli::run_command_line(argc, argv, "pixel-shipper " PIXEL_VERSION);
}
