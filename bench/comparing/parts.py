# SPDX-License-Identifier: Apache-2.0
"""The benches beside bench/compare whose goals belong into its table: each a command of its own,
which writes what it found as JSON with a list of judged goals."""

import dataclasses
import json
import pathlib
import subprocess
import time

BENCH = pathlib.Path(__file__).resolve().parents[1]
CPUS = ("--server-cpu", "--client-cpu")


@dataclasses.dataclass(frozen=True)
class Part:
    name: str
    command: str  # In bench/.
    about: str
    minutes: float  # What it takes, about.
    usual: tuple = ()
    quick: tuple = ("--quick",)
    takes: tuple = ()  # Of compare's own options, by name.

    def argv(self, arguments, result):
        options = [text for option in self.takes
                   for value in [getattr(arguments, option.strip("-").replace("-", "_"))]
                   if value is not None for text in (option, str(value))]
        return [str(BENCH / self.command), "--build", str(arguments.build), "--json", str(result),
                *(self.quick if arguments.quick else self.usual), *options]


ALL = (
    Part("micro", "micro/goals", "parse, encode, append, decode", 2, ("--rounds", "7"),
         ("--rounds", "1", "--seconds", "0.05")),
    Part("pacing", "pacing", "whether pixel-load keeps a rate", 1,
         ("--rounds", "7", "--seconds", "1"), takes=CPUS),
    Part("scaling", "scaling", "a second worker", 1.5, ("--rounds", "7", "--seconds", "2")),
    Part("durability", "durability", "answers that wait for the disk", 4,
         ("--rounds", "7", "--seconds", "2"), takes=(*CPUS, "--dir")),
    Part("stalls", "stalls", "writing 4 GB of log", 6, ("--realtime",), ("--quick", "--realtime"),
         takes=(*CPUS, "--dir")),
    Part("memory", "memory", "resident memory", 0.5, takes=(*CPUS, "--dir")),
)


def missing(part, why):
    """The row of a part that could not be measured: short."""
    return {"goal": f"not measured: {why}", "figure": None, "limit": 0, "at_least": False,
            "met": False, "part": part.name}


def run(part, arguments, place, tell):
    """(rows of goals, everything that the part wrote, or None)."""
    result = pathlib.Path(place) / f"{part.name}.json"
    tell(f"\n== {part.name}: {part.about}, about {part.minutes:g} min")
    start = time.monotonic()
    done = subprocess.run(part.argv(arguments, result), stderr=subprocess.PIPE, text=True,
                          check=False)
    tell(f"== {part.name}: {time.monotonic() - start:.0f} s")
    if done.returncode != 0 or not result.exists():
        lines = done.stderr.strip().splitlines()
        why = lines[-1] if lines else f"it ended with status {done.returncode}"
        tell(f"== {why}")
        return [missing(part, why)], None
    found = json.loads(result.read_text(encoding="utf-8"))
    return [{**row, "part": part.name} for row in found["goals"]], found
