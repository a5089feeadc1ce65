# SPDX-License-Identifier: Apache-2.0
"""Functions of at most 70 lines, files of at most 800 (over 500 is said, not refused)."""

import ast
import re

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
FILE_LINES_WARN = 500
NOT_A_FUNCTION = re.compile(
    r"^\s*(?:(?:export|inline|static|constexpr|typedef|template\s*<[^{]*>)\s+)*"
    r"(?:namespace|class|struct|union|enum|extern)\b(?!.*\)\s*(?:const|noexcept|override)?\s*$)",
    re.S)


def check_file_size(source):
    if source.language in ("other", "markdown"):
        return
    if len(source.lines) > FILE_LINES_MAX:
        yield source.finding(1, "file-size",
                             f"{len(source.lines)} lines; split it ({FILE_LINES_MAX} is the cap)")


def check_function_size(source):
    finders = {"cpp": cpp_functions, "python": python_functions, "bash": bash_functions}
    finder = finders.get(source.language)
    if finder is None:
        return
    for name, first, last in finder(source):
        lines = last - first + 1
        if lines > FUNCTION_LINES_MAX:
            yield source.finding(first, "function-size",
                                 f"{name}: {lines} lines; split it "
                                 f"({FUNCTION_LINES_MAX} is the cap)")


def warnings(tree):
    """Files that grow towards the cap."""
    return [f"{source.path}: {len(source.lines)} lines" for source in tree
            if source.language not in ("other", "markdown") and
            FILE_LINES_WARN < len(source.lines) <= FILE_LINES_MAX]


def cpp_functions(source):
    """(name, first line, last line) of each function body: a brace after a statement that has
    parentheses and is no type or namespace. Lambdas belong to the function they stand in."""
    code = re.sub(r"(?m)^\s*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  source.code)
    found, depth, function_depth, start, statement = [], 0, None, 0, 0
    for match in re.finditer(r"[{};]", code):
        token, at = match.group(0), match.start()
        if token == "{":
            if function_depth is None and opens_function(code[statement:at]):
                function_depth, start = depth, statement
            depth += 1
        elif token == "}":
            depth -= 1
            if depth == function_depth and not continues(code, at + 1):
                found.append(describe(code, start, at))
                function_depth = None
        if function_depth is None:
            statement = at + 1
    return found


def opens_function(statement):
    text = re.sub(r"\b(?:public|private|protected)\s*:", " ", statement).strip()
    if "(" not in text or NOT_A_FUNCTION.match(text):
        return False
    return not re.search(r"=\s*$", text)


def continues(code, at):
    """After a braced member initialiser the body is still to come."""
    return re.match(r"\s*[,{]", code[at:at + 200]) is not None


def describe(code, start, end):
    text = code[start:end]
    first = start + len(text) - len(text.lstrip())
    name = re.search(r"([~\w:]+)\s*\(", text)
    return (name.group(1) if name else "function", code.count("\n", 0, first) + 1,
            code.count("\n", 0, end) + 1)


def python_functions(source):
    try:
        module = ast.parse(source.text)
    except SyntaxError:
        return []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.name, node.lineno, node.end_lineno) for node in ast.walk(module)
            if isinstance(node, kinds)]


def bash_functions(source):
    found, open_name, first = [], None, 0
    for number, line in enumerate(source.lines, 1):
        match = re.match(r"(?:function\s+)?([\w-]+)\s*\(\)\s*\{\s*$", line)
        if match:
            open_name, first = match.group(1), number
        elif line.startswith("}") and open_name:
            found.append((open_name, first, number))
            open_name = None
    return found


RULES = (check_file_size, check_function_size)
