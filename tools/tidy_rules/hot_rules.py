# SPDX-License-Identifier: Apache-2.0
"""What a HOT file of the servers may not do. HOT in a file's first lines is a promise: nothing in
it allocates, locks, throws or formats while serving. The cold half of such a class lives in
another file. In tools and benches the word is a hint to the reader only."""

import re

# Token -> what to use instead.
BANNED = (
    (r"(?<!<)\bnew\b(?!\s*\()", "memory is taken at boot, in a COLD file"),
    (r"\b(?:malloc|calloc|realloc|free)\s*\(", "memory is taken at boot, in a COLD file"),
    (r"\bstd::make_(?:unique|shared)\b", "memory is taken at boot, in a COLD file"),
    (r"\bstd::string\b(?!_view)", "std::string_view of memory that outlives the call"),
    (r"\bstd::to_string\b", "base/units.h or a two-digit table"),
    (r"\bstd::function\b", "a template parameter or a switch"),
    (r"\bstd::(?:shared_ptr|weak_ptr)\b", "a reference, or an (index, generation) pair"),
    (r"\bthrow\b", "base::Result, or an enum of verdicts"),
    (r"\bstd::(?:mutex|lock_guard|unique_lock|scoped_lock|condition_variable)\b",
     "one owner per datum, std::atomic or base/spsc_ring.h"),
    (r"\b(?:printf|fprintf|snprintf|sprintf)\s*\(", "the encoders of logfmt/"),
    (r"\bfmt::|\bspdlog::", "a counter; diagnostics are said from a COLD file"),
    (r"#\s*include\s*<(?:iostream|sstream|fstream|cstdio|regex|mutex|map|unordered_map|list)>",
     "nothing of it belongs in a HOT file"),
)


SERVING = ("base/", "logfmt/", "edge/", "shipper/")


def is_hot(source):
    """A file that says both HOT and COLD names each function's side itself: for the reader."""
    return (source.language == "cpp" and source.path.startswith(SERVING) and
            source.says("HOT") and not source.says("COLD"))


def check_hot(source):
    """Banned tokens outside comments and strings."""
    if not is_hot(source):
        return
    for number, line in enumerate(source.code_lines, 1):
        for pattern, instead in BANNED:
            match = re.search(pattern, line)
            if match:
                token = match.group(0).strip()
                yield source.finding(number, "hot", f"'{token}' in a HOT file; instead: {instead}")


RULES = (check_hot,)
