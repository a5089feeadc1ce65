# SPDX-License-Identifier: Apache-2.0
"""apply and revert. What was before is on the disk before anything is changed, and stays until it
is restored; a profile replaces the one before it."""

import json
import os

from tuner.kernel import judge, why_missing

STATE = "var/lib/pixeledge/tuning/previous.json"
SYSCTL_D = "etc/sysctl.d/60-pixeledge.conf"
MARK = "# Written by tuning/tune"


class ChangeError(Exception):
    """Nothing was changed; the text says why."""


def load_state(kernel):
    path = kernel.root / STATE
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ChangeError(f"{path} is not what tune wrote: {error}; restore it, or set the "
                          "settings by hand and remove it") from None


def save_state(kernel, state):
    write_whole(kernel.root / STATE, json.dumps(state, indent=2) + "\n", 0o600)


def write_whole(path, text, mode):
    """The file is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w",
              encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def check_persistent_file(kernel):
    path = kernel.root / SYSCTL_D
    if path.exists() and not path.read_text(encoding="utf-8").startswith(MARK):
        raise ChangeError(f"{path} is somebody else's: move it away first")


def apply(kernel, profile, knobs, only=(), persist=False, say=print):
    """True when all that exists here has its value now."""
    if persist:
        check_persistent_file(kernel)
    state = load_state(kernel)
    if state and state["profile"] != profile.name:
        say(f"first back from profile {state['profile']}")
        if not revert(kernel, say):
            raise ChangeError("not all of it could be restored: see above")
        state = None
    findings = judge(kernel, profile, knobs, only)
    changes = [finding for finding in findings if finding.running is not None and not finding.fine]
    state = state or {"profile": profile.name, "knobs": {}}
    for finding in changes:
        remember(kernel, state["knobs"], finding)
    state["persisted"] = persist or state.get("persisted", False)
    save_state(kernel, state)
    succeeded = write_changes(kernel, findings, say)
    if persist:
        write_whole(kernel.root / SYSCTL_D, sysctl_text(profile, findings, state["knobs"]), 0o644)
        say(f"wrote {kernel.root / SYSCTL_D}: the next boot has them too")
    return succeeded


def remember(kernel, saved, finding):
    """The oldest value stays; of a pair both, because writing one clears the other."""
    name, pair = finding.knob.name, finding.knob.pair
    entry = saved.setdefault(name, {"before": finding.running})
    entry["after"] = finding.wanted
    if pair and "pair" not in entry:
        entry["pair"], entry["pair_before"] = pair, kernel.read(pair)


def write_changes(kernel, findings, say):
    succeeded = True
    for finding in findings:
        name = finding.knob.name
        if finding.running is None:
            say(f"missing  {name}: {why_missing(kernel, finding.knob)}")
        elif finding.fine:
            say(f"kept     {name} = {finding.running}")
        else:
            try:
                kernel.write(name, finding.wanted)
                say(f"set      {name} = {finding.wanted} (was {finding.running}); "
                    f"counts: {finding.knob.after}")
            except OSError as error:
                succeeded = False
                say(f"FAILED   {name} = {finding.wanted}: {error.strerror or error}")
    return succeeded


def sysctl_text(profile, findings, saved):
    """All but what was good enough without us. A leading '-' lets sysctl go on where a setting does
    not exist (a module that is loaded later)."""
    lines = [f"{MARK} apply {profile.name} --persist; 'tune revert' removes it."]
    lines += [f"-{finding.knob.name} = {finding.wanted}" for finding in findings
              if finding.running is None or finding.knob.name in saved]
    return "\n".join(lines) + "\n"


def revert(kernel, say=print):
    """True when all is as it was. What somebody else has changed since is left and named."""
    state = load_state(kernel)
    if state is None:
        say("nothing is applied: nothing to do")
        return True
    left = {}
    for name, entry in state["knobs"].items():
        outcome = restore(kernel, name, entry)
        say(outcome)
        if outcome.startswith("FAILED"):
            left[name] = entry
    if left:
        save_state(kernel, {**state, "knobs": left})
        return False
    remove_persistent_file(kernel, state, say)
    (kernel.root / STATE).unlink()
    return True


def restore(kernel, name, entry):
    running = kernel.read(name)
    if running is None:
        return f"gone     {name}: it does not exist here any more"
    if running == entry["before"]:
        return f"restored {name} = {running} (it was so already)"
    if running != entry["after"]:
        return (f"left     {name} = {running}: somebody has changed it since (before us it was "
                f"{entry['before']})")
    # A limit in bytes that was 0 was ruled by its ratio: 0 cannot be written, the ratio can.
    target, value = name, entry["before"]
    if value == "0" and entry.get("pair_before") is not None:
        target, value = entry["pair"], entry["pair_before"]
    try:
        kernel.write(target, value)
    except OSError as error:
        return f"FAILED   {target} = {value}: {error.strerror or error}"
    return f"restored {target} = {value}"


def remove_persistent_file(kernel, state, say):
    path = kernel.root / SYSCTL_D
    if state.get("persisted") and path.exists():
        if path.read_text(encoding="utf-8").startswith(MARK):
            path.unlink()
            say(f"removed  {path}")
        else:
            say(f"left     {path}: somebody has changed it since")
