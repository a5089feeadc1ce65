# SPDX-License-Identifier: Apache-2.0
"""The data files as objects: knobs.toml says what each setting is for, profiles/ what it should be.
Values are compared number by number."""

import dataclasses
import pathlib
import tomllib

HERE = pathlib.Path(__file__).resolve().parents[1]
COMPARISONS = ("equal", "at_least", "at_most", "up_to")
SCOPES = ("netns", "machine")


class ProfileError(Exception):
    """A data file is not as it must be; the text says where."""


@dataclasses.dataclass(frozen=True)
class Knob:
    name: str
    what: str
    why: str
    matters: str
    effect: str
    source: str
    default: str
    compare: str
    scope: str
    after: str = "at once"
    pair: str = ""

    def suffices(self, running, wanted):
        """Whether a running value is good enough."""
        if len(running) != len(wanted):
            return False
        judge = {"equal": lambda has, want: has == want,
                 "at_least": lambda has, want: has >= want,
                 "at_most": lambda has, want: has <= want,
                 "up_to": lambda has, want: 0 < has <= want}[self.compare]
        return all(judge(has, want) for has, want in zip(running, wanted))


@dataclasses.dataclass(frozen=True)
class Profile:
    name: str
    summary: str
    also: tuple
    values: dict  # Name -> text as in the file.


def load_knobs(folder=HERE):
    path = folder / "knobs.toml"
    knobs = {}
    for name, table in parse(path).items():
        try:
            knob = Knob(name=name, **table)
        except TypeError as error:
            raise ProfileError(f"{path}: [{name}]: {error}") from None
        if knob.compare not in COMPARISONS or knob.scope not in SCOPES:
            raise ProfileError(f"{path}: [{name}]: unknown compare or scope")
        knobs[name] = knob
    return knobs


def load_profile(name, knobs, folder=HERE):
    path = folder / "profiles" / f"{name}.toml"
    if not path.is_file():
        raise ProfileError(f"there is no profile '{name}'; there are "
                           f"{', '.join(profile_names(folder))}")
    table = parse(path)
    unknown = set(table) - {"summary", "also", "values"}
    strangers = set(table.get("values", {})) - set(knobs)
    if unknown or strangers or not table.get("values") or not table.get("summary"):
        raise ProfileError(f"{path}: needs summary and values, and knows also; settings that "
                           f"knobs.toml does not describe: {sorted(strangers) or 'none'}")
    return Profile(name, table["summary"], tuple(table.get("also", ())), table["values"])


def profile_names(folder=HERE):
    """From the smallest to the largest."""
    names = {path.stem for path in (folder / "profiles").glob("*.toml")}
    order = ("small", "1k", "10k", "100k", "idle-1m")
    return [name for name in order if name in names] + sorted(names - set(order))


def parse(path):
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path}: {error}") from None


def numbers(text, memory_pages=0):
    """The numbers of a value; "12%" is that much of memory, in pages."""
    found = []
    for word in text.split():
        if word.endswith("%"):
            found.append(int(float(word[:-1]) * memory_pages / 100))
        else:
            found.append(int(word))
    return found
