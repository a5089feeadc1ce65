// SPDX-License-Identifier: Apache-2.0
// pixel-shipper. COLD.
#include "shipper/cli/command_line.h"

int main(int argc, char** argv) {
  return pixel::shipper::cli::run_command_line(argc, argv, "pixel-shipper " PIXEL_VERSION);
}
