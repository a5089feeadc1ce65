# SPDX-License-Identifier: Apache-2.0
"""The rules of tools/tidy.py, one module per subject; each rule is a function from a file (or the
whole tree) to findings. Python 3 standard library only."""
