"""Reads the ABI headers, which are written in a regular form: one declaration a line."""

import pathlib
import re
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent / "include"
CORE = ["base", "host", "module", "lifecycle", "provider", "distributor", "limiter"]
SCALARS = ["hg_op", "hg_id", "hg_status"]  # asserted in golden/1_0_scalars.h
EXTENSIONS = ["http_client", "fd", "ingress", "shared_window"]
STABLE = [f"heliograph/abi/{name}.h" for name in CORE]
STABLE += [f"heliograph/abi/ext/{name}.h" for name in EXTENSIONS]


@dataclass
class Field:
    name: str
    type: str  # as it is written in a cast
    comment: str  # what stands before it
    is_function: bool = False


@dataclass
class Struct:
    name: str
    fields: list = field(default_factory=list)

    @property
    def grows(self):
        return bool(self.fields) and self.fields[0].name == "size"


@dataclass
class Header:
    path: str
    structs: list
    constants: list  # (name, text of the value)
    typedefs: list  # (name, function pointer type, comment)


def strip_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def parameters_without_names(text):
    """`const hg_host* host, hg_str (*f)` -> types only, for casts."""
    types = []
    for parameter in one_line(text).split(","):
        parameter = parameter.strip()
        match = re.match(r"^(.*?[\s*])([a-z_][a-z0-9_]*)$", parameter)
        named = match and match.group(1).strip() not in ("struct", "const", "const struct")
        types.append(one_line(match.group(1)) if named else parameter)
    return ", ".join(types)


def parse_function(declaration):
    match = re.match(r"^(.*?)\(\*\s*([a-z_0-9]+)\)\((.*)\)$", one_line(declaration), flags=re.S)
    if not match:
        return None
    result, name, parameters = match.groups()
    return name, f"{result.strip()} (*)({parameters_without_names(parameters)})"


def parse_field(declaration, comment):
    function = parse_function(declaration)
    if function:
        return Field(function[0], function[1], comment, is_function=True)
    declaration = one_line(declaration)
    match = re.match(r"^(.*?)([a-z_0-9]+)(\[\d+\])?$", declaration)
    name, array = match.group(2), match.group(3)
    return Field(name, one_line(match.group(1)) + (array or ""), comment)


def parse_struct(name, body):
    fields, comment, rest = [], "", body
    while True:
        rest = rest.lstrip()
        if rest.startswith("/*"):
            end = rest.index("*/") + 2
            comment, rest = rest[:end], rest[end:]
            continue
        if not rest:
            return Struct(name, fields)
        end = rest.index(";")
        fields.append(parse_field(strip_comments(rest[:end]), comment))
        comment, rest = "", rest[end + 1 :]
        # A comment on the field's own line belongs to it, not to the next one.
        rest = re.sub(r"^[ \t]*/\*.*?\*/", "", rest, count=1, flags=re.S)


def parse(path, include=INCLUDE):
    text = (include / path).read_text()
    structs = []
    pattern = r"^(?:typedef )?struct (hg_\w+) \{\n(.*?)^\}[^;]*;"
    for match in re.finditer(pattern, text, flags=re.S | re.M):
        structs.append(parse_struct(match.group(1), match.group(2)))
    constants = []
    for match in re.finditer(r'^#define (HG_[A-Z0-9_]+) ("[^"]*"|[^/\n\\]+)', text, flags=re.M):
        if not match.group(1).endswith("_H") and match.group(1) != "HG_EXPORT":
            constants.append((match.group(1), match.group(2).strip()))
    typedefs = []
    pattern = r"((?:/\*(?:(?!\*/).)*\*/\n)?)^typedef ([^;{]*\(\*[^;{]*);"
    for match in re.finditer(pattern, text, flags=re.S | re.M):
        function = parse_function(match.group(2))
        typedefs.append((function[0], function[1], match.group(1)))
    return Header(path, structs, constants, typedefs)
