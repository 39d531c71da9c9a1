#!/usr/bin/env python3
"""Checks what compilers do not: a thread tag on every function pointer, the one it was released with;
no type that R1 forbids; no scalar type without its golden assertion."""

import functools
import re
import sys

import headers

TAG = re.compile(r"\[(any|ctl|loop)\]")
FORBIDDEN = re.compile(
    r"\b(enum|bool|_Bool|long|short|int|unsigned|wchar_t|va_list|float|union)\b|\.\.\."
)
NO_TAG = "does not say on which thread it is called: [any], [ctl] or [loop]"
SCALAR = re.compile(r"^typedef (?:u?int\d+_t|size_t|double) (\w+);", flags=re.M)
BIT_FIELD = re.compile(r"^\s*\w[\w\s*]*:\s*\d+\s*;", flags=re.M)
LINES_MAX = 250


def code_of(text):
    return re.sub(r'"[^"]*"', '""', headers.strip_comments(text))


def tags_of(header):
    """What each function pointer of a header says, by name."""
    fields = {f"{struct.name}.{field.name}": field.comment
              for struct in header.structs for field in struct.fields if field.is_function}
    comments = {**fields, **{name: comment for name, _, comment in header.typedefs}}
    return {name: TAG.findall(comment) for name, comment in comments.items()}


@functools.cache
def released(path):
    """Every released form of a header, oldest first."""
    roots = sorted((headers.HERE / "frozen").glob("*.*"))
    return [(root.name, headers.parse(path, root)) for root in roots if (root / path).exists()]


def changed_tags(path, header):
    now = tags_of(header)
    for version, old in released(path):
        for name, tags in tags_of(old).items():
            if now.get(name, tags) != tags:
                yield f"{name} was {tags} in {version} and is {now[name]}: plugins rely on it"


def problems_of(path, include):
    text = (include / path).read_text()
    header = headers.parse(path, include)
    yield from changed_tags(path, header)
    for name in SCALAR.findall(text):
        if name not in headers.SCALARS:
            yield f"{name} has no golden assertion: add it to headers.SCALARS and to a golden file"
    for struct in header.structs:
        for field in struct.fields:
            if field.is_function and not TAG.search(field.comment):
                yield f"{struct.name}.{field.name} {NO_TAG}"
        if not struct.fields:
            yield f"{struct.name} has no fields that this script can read"
    for name, _, comment in header.typedefs:
        if not TAG.search(comment):
            yield f"{name} {NO_TAG}"
    code = re.sub(r"^#.*$", "", code_of(text), flags=re.M)
    for match in FORBIDDEN.finditer(code):
        yield f"'{match.group(0)}' is not allowed in the ABI (R1)"
    if BIT_FIELD.search(code):
        yield "bit-fields are not allowed in the ABI (R1)"
    pointers = len(re.findall(r"\(\*\s*\w+\)\(", code))
    found = sum(f.is_function for s in header.structs for f in s.fields) + len(header.typedefs)
    if pointers != found:
        yield f"{pointers} function pointers are declared, but this script can read {found}"
    if text.count("\n") > LINES_MAX:
        yield f"has more than {LINES_MAX} lines"


def headers_below(folder, include):
    return sorted(str(path.relative_to(include)) for path in (include / folder).glob("**/*.h"))


def lint(include):
    """What is wrong with the headers in this folder."""
    drafts = headers_below("heliograph/abi/ext/draft", include)
    failures = []
    for path in [*headers.STABLE, *drafts]:
        failures += [f"{path}: {problem}" for problem in problems_of(path, include)]
    known = {*headers.STABLE, *drafts, "heliograph/abi/abi.h"}
    unknown = sorted(set(headers_below("heliograph/abi", include)) - known)
    return failures + [f"{path}: is not known to headers.py" for path in unknown]


def main():
    failures = lint(headers.INCLUDE)
    print("\n".join(failures) or f"{len(headers.STABLE)} headers in order")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
