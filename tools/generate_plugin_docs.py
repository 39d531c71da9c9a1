#!/usr/bin/env python3
"""Writes docs/plugins.md from the schemas that the shipped plugins carry; tests/docs compares.

generate_plugin_docs.py HELIOGRAPH PLUGINS_FOLDER [--print]
"""
import argparse
import glob
import os
import re
import subprocess

TARGET = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "plugins.md")
HEAD = """# The plugins that come with it
For operators: what each takes under its `config`. Written by `tools/generate_plugin_docs.py` from the plugins themselves;
`heliograph plugin docs FILE` prints the same for any other plugin. Which distributor suits what: [operating.md](operating.md#which-distributor).
"""
KINDS = ("provider", "distributor", "limiter")


def shipped(folder):
    """Files by kind and name; the examples of the SDK are documented where they are."""
    files = []
    for kind in KINDS:
        for path in sorted(glob.glob(os.path.join(folder, f"libhg_{kind}_*.so"))):
            if not re.search(r"_example_\w+\.so$", path):
                files.append(path)
    return files


def document(program, folder):
    pages = [subprocess.run([program, "plugin", "docs", path], check=True, capture_output=True, text=True).stdout
             for path in shipped(folder)]
    return "\n".join([HEAD, *pages])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--print", action="store_true", help="to standard output instead of docs/plugins.md")
    options = parser.parse_args()
    text = document(options.program, options.folder)
    if options.print:
        print(text, end="")
        return
    with open(TARGET, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
