// SPDX-License-Identifier: Apache-2.0
// Starts the process that will take over: the same command line with --take-over, from the same
// path, where a new version may lie by now. COLD; the main thread.
//
// Under systemd this is the only way: a process that an operator starts by hand is in another
// control group, and systemd takes no such one for the service's main process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace pixel::edge {

/// The command line of this process, from /proc.
base::Result<std::vector<std::string>> own_command_line();

/// `command` with "--take-over" added where it is missing, as a child: no signal blocked, standard
/// streams and environment as here. The caller reaps it (waitpid). An error where it cannot be
/// executed.
base::Result<pid_t> start_successor(std::vector<std::string> command);

}  // namespace pixel::edge
