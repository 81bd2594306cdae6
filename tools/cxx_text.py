# SPDX-License-Identifier: Apache-2.0
"""Reads C++ as text, without a compiler: enough to blank out comments and find the functions of a file.

What the heuristic relies on: the sources are formatted, braces are balanced outside comments and literals, and macros
do not hide braces. Where it is in doubt it takes a block for an initialiser, not for a function.
"""
import re

LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""  # comments
    r"""|R"(?P<tag>[^()\\ ]{0,16})\(.*?\)(?P=tag)\""""  # raw strings
    r"""|"(?:\\.|[^"\\\n])*\""""
    r"""|(?<![0-9a-zA-Z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'""",  # characters, not the ' in 1'000
    re.DOTALL,
)


def blank(text):
    """The text with comments and the contents of literals replaced by blanks; the lines stay where they are."""

    def erase(match):
        found = match.group(0)
        if found.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", found)
        body = re.sub(r"[^\n]", " ", found[1:-1])
        return '"' + body + '"' if '"' in found else "'" + body + "'"

    return LITERAL.sub(erase, text)


def drop_directives(code):
    """Blanks out preprocessor lines, and of every #if ... #else the second branch, which would unbalance the braces."""
    lines, skipping, depth, continued = [], 0, 0, False
    for line in code.split("\n"):
        directive = re.match(r"\s*#\s*(\w+)", line)
        if continued or directive:
            continued = line.rstrip().endswith("\\")
            if directive:
                word = directive.group(1)
                if word in ("if", "ifdef", "ifndef"):
                    depth += 1
                elif word in ("else", "elif") and not skipping:
                    skipping = depth
                elif word == "endif":
                    if skipping == depth:
                        skipping = 0
                    depth -= 1
            lines.append("")
        else:
            lines.append("" if skipping else line)
    return "\n".join(lines)


def without_templates(header):
    """Removes "template <...>" so that its "class" is not taken for a class."""
    while True:
        start = re.search(r"\btemplate\s*<", header)
        if not start:
            return header
        depth, at = 1, start.end()
        while at < len(header) and depth:
            depth += {"<": 1, ">": -1}.get(header[at], 0)
            at += 1
        header = header[: start.start()] + header[at:]


def block_kind(header):
    """What the "{" after this text opens, outside functions: "scope", "function" or "value" (an initialiser)."""
    header = without_templates(header).strip()
    header = re.sub(r"\[\[.*?\]\]|\balignas\s*\([^)]*\)", " ", header)
    if re.match(r"(inline\s+)?namespace\b|extern\s*\"", header):
        return "scope"
    if re.search(r"\b(class|struct|union|enum)\b", header) and "(" not in header:
        return "scope"
    plain = re.sub(r"\boperator\s*(\(\s*\)|[^\s\w(]+)", "operator_", header)
    outer = re.sub(r"\([^()]*\)", "()", plain)
    while True:
        inner = re.sub(r"\((?:[^()]|\(\))+\)", "()", outer)
        if inner == outer:
            break
        outer = inner
    if "(" not in outer or re.search(r"(?<![=!<>])=(?!=)", outer.split("(")[0]):
        return "value"
    # A constructor's list of initialisers: "Foo() : a_{" opens a value, "Foo() : a_{1} {" and "Foo() : a_(1) {" a body.
    if re.search(r"\)[^:]*(?<!:):(?!:)", outer) and not re.search(r"[)}]$", outer):
        return "value"
    return "function"


def functions(text):
    """Yields (first line, last line) of every function with a body, lambdas inside counted as part of it."""
    code = drop_directives(blank(text))
    stack = []  # (kind, first line, header before the block)
    header, header_start, line, parens = "", None, 1, 0
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        if stack and stack[-1][0] == "function":
            if char == "{":
                stack.append(("function", None, ""))
            elif char == "}":
                _, first, _ = stack.pop()
                if first is not None:
                    yield first, line
            continue
        if char == "{":
            kind = "value" if parens else block_kind(header)
            stack.append((kind, header_start or line, header))
            if kind != "value":
                header, header_start = "", None
            else:
                header += "{"
        elif char == "}":
            kind = stack.pop()[0] if stack else "scope"
            if kind == "value":
                header += "}"
            else:
                header, header_start = "", None
        elif char == ";" and not parens and not (stack and stack[-1][0] == "value"):
            header, header_start = "", None
        elif re.search(r"\b(public|private|protected)\s*$", header) and char == ":" and code[at + 1 : at + 2] != ":":
            header, header_start = "", None
        else:
            parens = max(0, parens + {"(": 1, ")": -1}.get(char, 0))
            if header_start is None and not char.isspace():
                header_start = line
            if header_start is not None:
                header += char


def scope_statements(text):
    """Yields (line, statement) for what stands at namespace scope and ends in ";": where global variables would be."""
    code = drop_directives(blank(text))
    stack, statement, start, line, parens = [], "", None, 1, 0
    for char in code:
        if char == "\n":
            line += 1
        if char == "{":
            if parens:
                kind = "value"
            elif stack and stack[-1] != "namespace":
                kind = "other"
            else:
                kind = block_kind(statement)
                if kind == "scope" and re.match(r"\s*((inline\s+)?namespace\b|extern\s*\")", statement):
                    kind = "namespace"
            stack.append(kind)
            if kind == "namespace":
                statement, start = "", None
            elif kind == "value":
                statement += "{"
            continue
        if char == "}":
            kind = stack.pop() if stack else "other"
            if kind == "value":
                statement += "}"
            elif kind in ("function", "namespace"):
                statement, start = "", None
            continue
        if stack and stack[-1] not in ("namespace",):
            continue
        if char == ";" and not parens:
            if statement.strip():
                yield start, " ".join(statement.split())
            statement, start = "", None
            continue
        parens = max(0, parens + {"(": 1, ")": -1}.get(char, 0))
        if start is None and not char.isspace():
            start = line
        if start is not None:
            statement += char
