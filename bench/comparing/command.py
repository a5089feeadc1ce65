# SPDX-License-Identifier: Apache-2.0
"""What the commands that compare servers have in common: their options, one interleaved run over
fresh servers, and their end."""

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile

from comparing import measure, report
from harness.process import Failure


def parser_of(description, root, rounds, seconds):
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=root / "build" / "release",
                        help="build folder (default: build/release)")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=float, default=seconds, help="of load per sample")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 0.5 s")
    parser.add_argument("--json", type=pathlib.Path, help="write the rows here")
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--client-cpu", type=int, default=1)
    parser.add_argument("--dir", type=pathlib.Path, help="where logs lie (default: $TMPDIR)")
    return parser


def parse(parser):
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 2, 0.5
    cpus = os.sched_getaffinity(0)
    if not {arguments.server_cpu, arguments.client_cpu} <= cpus:
        parser.error(f"this process may use the CPUs {sorted(cpus)}")
    if arguments.rounds < 1 or arguments.seconds <= 0:
        parser.error("at least one round of more than 0 seconds")
    return arguments


def run_table(arguments, place, makers, scenarios):
    """Opens what each of `makers` makes of (place, build, cpu), and prints the table."""
    machine = report.describe_machine()
    running, failures = [], []
    try:
        for make in makers:
            server = make(place, arguments.build, arguments.server_cpu)
            running.append(server)
            server.open()
        samples = measure.run_rounds(arguments.build, running, scenarios, arguments.rounds,
                                     arguments.seconds, arguments.client_cpu,
                                     lambda line: print(line, flush=True), failures)
        rows = report.summarise(samples, running, scenarios)
        report.print_table(rows, machine, arguments.rounds, arguments.seconds)
        for line in report.failed_lines(failures, arguments.rounds):
            print(line)
        return report.as_json(rows, [], machine, samples, running, arguments.rounds,
                              arguments.seconds)
    finally:
        for server in running:
            server.stop()


def carry_out(name, arguments, measure_in):
    """The exit status. `measure_in` takes a fresh folder and returns what --json keeps."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with tempfile.TemporaryDirectory(prefix=f"pixeledge-{name}-", dir=arguments.dir) as place:
            result = measure_in(place)
    except Failure as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{name}: stopped", file=sys.stderr)
        return 1
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0
