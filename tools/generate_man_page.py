#!/usr/bin/env python3
"""Writes packaging/heliograph.toml.5, the manual page of the configuration, from docs/configuration.md, the one place where keys are
described. A test compares them.

    tools/generate_man_page.py
"""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.join(ROOT, "docs", "configuration.md")
PAGE = os.path.join(ROOT, "packaging", "heliograph.toml.5")
HEAD = r'''.\" Made by tools/generate_man_page.py from docs/configuration.md.
.TH HELIOGRAPH.TOML 5 "" "Heliograph" "File Formats"
.SH NAME
heliograph.toml \- configuration of the messaging gateway Heliograph
.SH DESCRIPTION
.nh
'''
TAIL = r'''.SH FILES
.TP
.I /etc/heliograph/heliograph.toml
.SH SEE ALSO
.BR heliograph (1),
.I /usr/share/doc/heliograph
'''


def escaped(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti").replace("`", "\\(ga")


def link(match):
    text, target = match.groups()
    file = target.partition("#")[0]
    return text if not file or ":" in target or os.path.basename(file) in text else f"{text} ({os.path.basename(file)})"


def inline(text):
    """Code and stress in bold, links by the name of their document."""
    text = re.sub(r"\[([^\]]*)\]\(([^()\s]*)\)", link, text)
    parts = re.split(r"`([^`]*)`|\*\*([^*]*)\*\*", text)
    return "".join(f"\\fB{escaped(part)}\\fR" if i % 3 else escaped(part) for i, part in enumerate(parts) if part)


def line(text):
    """A line of text: one that begins like a request is none."""
    return "\\&" + text if text.startswith((".", "\\(aq")) else text


def cells(row):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def entry(head, row):
    """A row: its first cell stands out, the others follow in a sentence."""
    first, *others = cells(row)
    if head == ["type", "default", "meaning"]:
        kind, default, meaning = others
        default = "" if not default else " required" if default == "required" else f" default {default}"
        default = default if not default.startswith(" required with") else f" {others[1]}"
        others = [f"({kind};{default})" if default else f"({kind})", meaning]
        text = " ".join(inline(other) for other in others if other)
    else:
        text = "; ".join(inline(other) for other in others if other)
    return f".TP\n{line(inline(first))}\n{line(text) or ''}\n"


def table(rows):
    head = cells(rows[0])[1:]
    return "".join(entry(head, row) for row in rows[2:])


def block(lines):
    """One of the document's blocks: table, list or paragraph."""
    if lines[0].startswith("|"):
        return table(lines)
    if lines[0].startswith("- "):
        return "".join(f".IP \\(bu 2\n{line(inline(item))}\n" for item in re.split(r"\n- ", "\n" + "\n".join(lines))[1:])
    return ".PP\n" + "".join(line(inline_line) + "\n" for inline_line in inline("\n".join(lines)).splitlines())


def page():
    with open(SOURCE, encoding="utf-8") as file:
        text = file.read()
    out, waiting = [HEAD], []

    def flush():
        if waiting:
            out.append(block(waiting))
            waiting.clear()

    for number, part in enumerate(re.split(r"^```\w*\n", text, flags=re.M)):
        if number % 2:
            out.append(".PP\n.EX\n" + "".join(line(escaped(one)) + "\n" for one in part.splitlines()) + ".EE\n")
            continue
        for one in part.splitlines():
            heading = re.match(r"(#+) +(.*)", one)
            if heading or not one or (waiting and waiting[0].startswith("|") != one.startswith("|")):
                flush()
            if heading and len(heading[1]) > 1:
                title = inline(heading[2].upper() if len(heading[1]) == 2 else heading[2])
                out.append(f".{'SH' if len(heading[1]) == 2 else 'SS'} {title}\n")
            elif one and not heading:
                waiting.append(one)
        flush()
    return "".join(out) + TAIL


if __name__ == "__main__":
    with open(PAGE, "w", encoding="utf-8") as target:
        target.write(page())
