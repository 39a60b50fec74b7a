# SPDX-License-Identifier: BSD-2-Clause
"""The small mutations of a C file, for scripts/mutate.

Works on the text, and relies on how clang-format writes it: binary operators
stand between blanks, and a function begins and ends with a brace in the first
column.  A mutation never changes the number of lines."""

import bisect
import collections
import re

# start, end: what of the text `new` takes the place of; what: for people;
# code: the line as it was.
Mutant = collections.namedtuple("Mutant", "file line start end new what code")

COMPARISONS = {"==": ["!="], "!=": ["=="], "<": ["<=", ">="],
               "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"]}
OPERATORS = dict(COMPARISONS, **{"&&": ["||"], "||": ["&&"], "+": ["-"],
                                 "-": ["+"], "+=": ["-="], "-=": ["+="]})
# What is no behaviour, or what only a sanitizer would show.
NO_CALLS = re.compile(r"assert|log_debug|free|\w+_(free|unref)|"
                      r"pthread_mutex_(un)?lock")
BOUND = 8  # one more or less of what is greater is hardly another bound

NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
                      r"|'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+\w+[ \t]")
FUNCTION = re.compile(r"^\{.*?^\}", re.M | re.S)
OPERATOR = re.compile(r"(?<= )(%s)(?=\s)" % "|".join(
    re.escape(o) for o in sorted(OPERATORS, key=len, reverse=True)))
NUMBER = re.compile(r"(?<![\w.])(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)(?![\w.])")
BOOLEAN = re.compile(r"\b(true|false)\b")
NEGATION = re.compile(r"!(?=[A-Za-z_(*])")
CONDITION = re.compile(r"\bif \(")
CALL = re.compile(r"(?:\(void\))?([A-Za-z_]\w*)\(")
JUMP = re.compile(r"\b(return|goto|break|continue)\b[^;]*;")
ASSERT = re.compile(r"\b(?:assert|static_assert|_Static_assert|log_debug)\(")
KEYWORDS = {"if", "while", "for", "switch", "return", "sizeof", "do"}
# Sizes in declarations, and initializers that only say "nothing".
DECLARED = re.compile(r"^[ \t]*(?:const |static |struct |unsigned )*\w+ "
                      r"[^;=()]*\[[^;=]*|= \{+0\}+", re.M)


def blank(text, keep_newlines=re.compile(r"[^\n]")):
    return keep_newlines.sub(" ", text)


def only_code(text):
    """The text of the same length, with blanks for what is no code."""
    text = NOT_CODE.sub(lambda m: blank(m[0]), text)

    def directive(match):
        define = DEFINE.match(match[0])
        if define is None:
            return blank(match[0])
        return blank(define[0]) + match[0][define.end():]
    return DIRECTIVE.sub(directive, text)


def closing(code, at):
    """Where the parenthesis that opens at `at` closes."""
    depth = 0
    for i in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return len(code)


def places(text, code):
    """[(start, end)]: the bodies of functions, and the values of macros."""
    found = [m.span() for m in FUNCTION.finditer(code)]
    for m in DIRECTIVE.finditer(text):
        define = DEFINE.match(m[0])
        if define and not any(a <= m.start() < b for a, b in found):
            found.append((m.start() + define.end(), m.end()))
    return sorted(found)


def out_of_bounds(code):
    found = [m.span() for m in DECLARED.finditer(code)]
    found += [(m.start(), closing(code, m.end() - 1))
              for m in ASSERT.finditer(code)]
    return found


def operators(code, a, b):
    for m in OPERATOR.finditer(code, a, b):
        for new in OPERATORS[m[1]]:
            yield m.start(), m.end(), new, "%s became %s" % (m[1], new)


def in_macro(code, at):
    return code.rfind("\n{", 0, at) <= code.rfind("\n}", 0, at)


def constants(code, a, b):
    for m in NUMBER.finditer(code, a, b):
        is_hex = m[1][:2] in ("0x", "0X")
        value, write = int(m[1], 16 if is_hex else 10), hex if is_hex else str
        changed = [value + 1, value - 1] if value > 0 else [1]
        if value > BOUND and in_macro(code, m.start()):
            changed = [value * 2, value // 2]
        for new in changed:
            yield (m.start(1), m.end(1), write(new),
                   "%s became %s" % (m[1], write(new)))
    for m in BOOLEAN.finditer(code, a, b):
        new = "false" if m[1] == "true" else "true"
        yield m.start(), m.end(), new, "%s became %s" % (m[1], new)


def conditions(code, a, b):
    for m in NEGATION.finditer(code, a, b):
        yield m.start(), m.end(), "", "! was removed"
    for m in CONDITION.finditer(code, a, b):
        start, end = m.end(), closing(code, m.end() - 1)
        inside = code[start:end]
        # Of one comparison or negation this is what the others do.
        if re.search(r" (&&|\|\|)\s", inside) or not (
                inside.startswith("!") or
                any(" %s " % c in inside for c in COMPARISONS)):
            yield start, end, "!(%s)", "the condition was negated"


def begins_statement(code, at):
    before = code[:at].rstrip()
    return before[-1:] in ";{}:)" or before.endswith(("else", " do"))


def calls(code, a, b):
    for m in CALL.finditer(code, a, b):
        name = m[1]
        end = closing(code, m.end() - 1) + 1
        line = code.rfind("\n", 0, m.start()) + 1
        if name not in KEYWORDS and not NO_CALLS.fullmatch(name) and \
                code[end:end + 1] == ";" and code[line:m.start()].isspace() \
                and begins_statement(code, m.start()):
            yield m.start(), end, None, "%s() was not called" % name


def jumps(code, a, b):
    for m in JUMP.finditer(code, a, b):
        if m[1] == "return" and code[m.end():b].strip() == "}":
            continue  # the last statement
        yield m.start(), m.end() - 1, None, "no %s" % m[1]


def mutants_of(name, text):
    """All mutants of a file, in the order of the text."""
    code = only_code(text)
    lines = [m.start() for m in re.finditer(r"^", text, re.M)]
    forbidden = out_of_bounds(code)
    found = []
    for a, b in places(text, code):
        for kind in (operators, constants, conditions, calls, jumps):
            for start, end, new, what in kind(code, a, b):
                if any(s <= start < e for s, e in forbidden):
                    continue
                if new is None:
                    new = "(void)0" + "\n" * text.count("\n", start, end)
                new = new.replace("%s", text[start:end])
                line = bisect.bisect(lines, start)
                code_of = text[lines[line - 1]:].split("\n", 1)[0].strip()
                found.append(Mutant(name, line, start, end, new, what,
                                    code_of))
    return sorted(found, key=lambda m: (m.start, m.end, m.new))


def apply(text, mutant):
    return text[:mutant.start] + mutant.new + text[mutant.end:]
