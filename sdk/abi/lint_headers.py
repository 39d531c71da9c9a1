#!/usr/bin/env python3
"""Checks what compilers do not: thread tags on every function pointer, no type that R1 forbids."""

import re
import sys

import headers

TAG = re.compile(r"\[(any|ctl|loop)\]")
FORBIDDEN = re.compile(
    r"\b(enum|bool|_Bool|long|short|int|unsigned|wchar_t|va_list|float|union)\b|\.\.\."
)
NO_TAG = "does not say on which thread it is called: [any], [ctl] or [loop]"
BIT_FIELD = re.compile(r"^\s*\w[\w\s*]*:\s*\d+\s*;", flags=re.M)
LINES_MAX = 250


def code_of(text):
    return re.sub(r'"[^"]*"', '""', headers.strip_comments(text))


def problems_of(path):
    text = (headers.INCLUDE / path).read_text()
    header = headers.parse(path)
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


def headers_below(folder):
    found = (headers.INCLUDE / folder).glob("**/*.h")
    return sorted(str(path.relative_to(headers.INCLUDE)) for path in found)


def main():
    drafts = headers_below("heliograph/abi/ext/draft")
    failures = []
    for path in [*headers.STABLE, *drafts]:
        failures += [f"{path}: {problem}" for problem in problems_of(path)]
    listed = set(headers_below("heliograph/abi"))
    known = {*headers.STABLE, *drafts, "heliograph/abi/abi.h"}
    failures += [f"{path}: is not known to headers.py" for path in sorted(listed - known)]
    print("\n".join(failures) or f"{len(listed)} headers in order")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
