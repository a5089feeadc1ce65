# SPDX-License-Identifier: Apache-2.0
"""Rules about the tree as a whole: nothing dead, no link into the void."""

import posixpath
import re

from tidy_rules.include_rules import INCLUDE, folder_of
from tidy_rules.source import Finding

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
TABLE_PATH = re.compile(r"`([\w./{},*-]+)`")
DATA_PATH_DOCUMENT = "docs/ARCHITECTURE.md"


def check_dead_headers(tree, _paths):
    """A header that no file includes."""
    included = set()
    for source in tree:
        if source.language == "cpp":
            names = INCLUDE.findall(source.text)
            included.update(names)
            included.update(f"{folder_of(source.path)}/{name}" for name in names)
    for source in tree:
        if source.path.endswith(".h") and source.path not in included:
            yield source.finding(1, "dead", "no file includes this header")


def check_dead_sources(tree, _paths):
    """A .cc whose folder has no CMakeLists.txt is in no program."""
    homes = {folder_of(source.path) for source in tree if source.path.endswith("CMakeLists.txt")}
    named = "\n".join(source.text for source in tree if source.language == "cmake")
    for source in tree:
        if source.path.endswith(".cc") and folder_of(source.path) not in homes and \
                posixpath.basename(source.path) not in named:
            yield source.finding(1, "dead", "no CMake target compiles this file: its folder has "
                                 "no CMakeLists.txt")


def check_links(tree, paths):
    """Relative links in documents lead to files or folders that exist."""
    places = all_places(paths)
    for source in tree:
        if source.language != "markdown":
            continue
        for match in LINK.finditer(source.text):
            target = match.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            path = posixpath.normpath(posixpath.join(folder_of(source.path), target))
            if path not in places:
                line = source.text.count("\n", 0, match.start()) + 1
                yield Finding(source.path, line, "link", f"{target} does not exist")


def check_data_path_table(tree, paths):
    """Each `path` in a table row of the architecture document exists. Names that do not begin with
    a folder of the tree are those of a spool."""
    places = all_places(paths)
    folders = {path.partition("/")[0] for path in paths if "/" in path}
    for source in tree:
        if source.path != DATA_PATH_DOCUMENT:
            continue
        for number, line in enumerate(source.lines, 1):
            if not line.startswith("|"):
                continue
            for name in TABLE_PATH.findall(line):
                for path in expand(name) if name.partition("/")[0] in folders else ():
                    if not exists(path, places):
                        yield Finding(source.path, number, "data-path", f"{path} does not exist")


def all_places(paths):
    """Files and all folders above them."""
    places = {"."}
    for path in paths:
        while path:
            places.add(path)
            path = folder_of(path)
    return places


def expand(name):
    """a/{b,c}.h -> a/b.h, a/c.h"""
    match = re.search(r"\{([^}]*)\}", name)
    if not match:
        return [name]
    return [path for choice in match.group(1).split(",")
            for path in expand(name[:match.start()] + choice + name[match.end():])]


def exists(name, places):
    """`x.*` stands for any suffix; a trailing slash for a folder."""
    name = name.rstrip("/")
    if name.endswith(".*"):
        return any(place.startswith(name[:-1]) for place in places)
    return name in places


TREE_RULES = (check_dead_headers, check_dead_sources, check_links, check_data_path_table)
