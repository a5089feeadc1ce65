#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Style as a test: include directions, HOT files, sizes, headers, words, dead files and links.

    tools/tidy.py [--root DIR] [--list-exceptions] [PATH_PREFIX ...]

A rule may be broken where a comment says why, `// EXCEPTION(<rule>): <reason>`: on the line or
the one above; in a file's first lines it covers the file. Exit: 0 clean, 1 findings, 2 usage."""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from tidy_rules import hot_rules, include_rules, size_rules, text_rules, tree_rules  # noqa: E402
from tidy_rules.source import list_paths, load_tree  # noqa: E402

FILE_RULES = text_rules.RULES + include_rules.RULES + hot_rules.RULES + size_rules.RULES


def check_tree(tree, paths):
    """Everything the rules find, exceptions taken out."""
    by_path = {source.path: source for source in tree}
    findings = [finding for source in tree for rule in FILE_RULES for finding in rule(source)]
    findings += [finding for rule in tree_rules.TREE_RULES for finding in rule(tree, paths)]
    return sorted((finding for finding in findings if not by_path[finding.path].excuses(finding)),
                  key=lambda finding: (finding.path, finding.line))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--list-exceptions", action="store_true",
                        help="say where rules are broken with a reason")
    parser.add_argument("prefix", nargs="*", help="show only findings below these paths")
    return parser.parse_args()


def list_exceptions(tree):
    for source in tree:
        for line, rule, reason in source.exceptions:
            if not source.path.startswith(("tools/tidy", "tests/house/")):
                print(f"{source.path}:{line}: EXCEPTION({rule}): {reason}")


def main():
    arguments = parse_arguments()
    tree = load_tree(arguments.root)
    findings = [finding for finding in check_tree(tree, list_paths(arguments.root))
                if not arguments.prefix or finding.path.startswith(tuple(arguments.prefix))]
    list_exceptions(tree)
    if arguments.list_exceptions:
        return 0
    for warning in size_rules.warnings(tree):
        print(f"large: {warning}")
    for finding in findings:
        print(finding)
    print(f"tidy: {len(tree)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
