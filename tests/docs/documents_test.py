#!/usr/bin/env python3
"""What the documents name exists: links and their anchors, files, make targets, commands with their options, routes, plugin keys."""
import json
import os
import re
import subprocess
import sys
import unittest

import markdown

sys.path.insert(0, os.path.join(markdown.ROOT, "tools"))
import generate_plugin_docs  # pylint: disable=wrong-import-position

PROGRAM = os.environ["HELIOGRAPH_BIN"]
PLUGINS = os.environ["HELIOGRAPH_PLUGINS"]
TOP = ("core", "sdk", "plugins", "tests", "docs", "packaging", "config", "tools", "cmake")


def path_of(name, target):
    return os.path.normpath(os.path.join(os.path.dirname(name), target))


def exists(path):
    return os.path.exists(os.path.join(markdown.ROOT, path))


class Links(unittest.TestCase):
    def test_lead_somewhere(self):
        wrong = []
        for name in markdown.documents():
            for target in markdown.links(markdown.read(name)):
                if re.match(r"[a-z]+:", target):
                    continue
                file, _, anchor = target.partition("#")
                path = path_of(name, file) if file else name
                if not exists(path):
                    wrong.append(f"{name}: {target}")
                elif anchor and path.endswith(".md") and anchor not in markdown.anchors(markdown.read(path)):
                    wrong.append(f"{name}: {target}: no such heading")
        self.assertEqual(wrong, [])

    def test_every_page_of_the_folder_is_in_its_index(self):
        listed = {path_of("docs/README.md", target.partition("#")[0]) for target in markdown.links(markdown.read("docs/README.md"))}
        pages = {name for name in markdown.documents() if re.fullmatch(r"docs/[^/]+\.md", name)}
        self.assertEqual(pages - listed - {"docs/README.md"}, set())


class Names(unittest.TestCase):
    def test_of_files_are_those_of_files(self):
        wrong = []
        for name in markdown.documents():
            if name.startswith("sdk/scaffold/"):  # documents of projects to be
                continue
            for path in re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", markdown.prose(markdown.read(name))):
                if path.split("/")[0] in TOP and not exists(path) and not exists(path_of(name, path)):
                    wrong.append(f"{name}: {path}")
        self.assertEqual(wrong, [])

    def test_of_make_targets_are_those_of_the_makefile(self):
        with open(os.path.join(markdown.ROOT, "Makefile"), encoding="utf-8") as file:
            heads = re.findall(r"^([a-z][\w -]*):(?!=)", file.read(), re.M)
        targets = {target for head in heads for target in head.split()}
        wrong = []
        for name in markdown.documents():
            if name.startswith("docs/compatibility"):  # quotes the replaced systems
                continue
            text = markdown.read(name)
            named = re.findall(r"`make ([a-z][a-z-]*)", markdown.prose(text))
            named += [match[1] for line in markdown.commands(text) if (match := re.match(r"make ([a-z][a-z-]*)", line))]
            wrong += [f"{name}: make {target}" for target in named if target not in targets]
        self.assertEqual(wrong, [])

    def test_of_tests_are_those_of_tests(self):
        files = subprocess.run(["git", "-C", markdown.ROOT, "ls-files", "-co", "--exclude-standard", "tests"], check=True,
                               capture_output=True, text=True).stdout
        wrong = []
        for name in markdown.documents():
            for kind, test in re.findall(r"`(integration|fault)\.(\w+)", markdown.read(name)):
                if f"tests/{kind}/{test}_test.py" not in files:
                    wrong.append(f"{name}: {kind}.{test}")
        self.assertEqual(wrong, [])


class Commands(unittest.TestCase):
    helps = {}

    def help_of(self, words):
        if words not in self.helps:
            done = subprocess.run([PROGRAM, *words, "--help"], capture_output=True, text=True, check=False)
            self.helps[words] = done.stdout if done.returncode == 0 else None
        return self.helps[words]

    def subcommand(self, words):
        """The longest beginning of `words` that is a subcommand, and its help; None for what is none."""
        chosen = ()
        while len(chosen) < len(words) and re.match(r"[a-z]", words[len(chosen)]):
            listed = re.search(r"^Subcommands:\n(.*?)(?:\n\n|\Z)", self.help_of(chosen) or "", re.M | re.S)
            known = re.findall(r"^  (\S+)", listed[1], re.M) if listed else []
            if not known:
                break
            if words[len(chosen)] not in known:
                return None, None
            chosen = (*chosen, words[len(chosen)])
        return chosen, self.help_of(chosen)

    def check(self, words):
        """Why this command line cannot be one of ours; empty when it can."""
        chosen, text = self.subcommand(tuple(words))
        if chosen is None:
            return "no such command"
        unknown = [word for word in words if re.match(r"--[a-z]", word) and
                   not re.search(rf"(^|[\s,]){re.escape(word.partition('=')[0])}\b", text, re.M)]
        return f"no option {' '.join(unknown)}" if unknown else ""

    def test_are_commands_of_the_program(self):
        wrong = []
        for name in markdown.documents():
            text = markdown.read(name)
            lines = list(markdown.commands(text)) + re.findall(r"`(heliograph [^`]+)`", markdown.prose(text))
            for line in lines:
                called = re.match(r"(?:sudo |[A-Z_]+=\S+ )*(?:\S*/)?heliograph ([a-z-].*)$", line)
                words = called[1].split() if called else []
                # In prose "..." and capitals stand for what the reader knows.
                problem = self.check(words) if words else ""
                if problem:
                    wrong.append(f"{name}: {line}: {problem}")
        self.assertEqual(wrong, [])


class Routes(unittest.TestCase):
    def test_are_routes_of_the_contract(self):
        with open(os.path.join(markdown.ROOT, "docs", "openapi", "openapi.json"), encoding="utf-8") as file:
            paths = json.load(file)["paths"]
        patterns = [(re.compile("^" + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)) + "/?$"), operations)
                    for path, operations in paths.items()]
        wrong = []
        for name in markdown.documents():
            for method, path in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[\w/{}.-]*)", markdown.prose(markdown.read(name))):
                found = [operations for pattern, operations in patterns if pattern.match(path.rstrip(".") or "/")]
                if path.startswith(("/v1/", "/healthz", "/readyz")) and not any(method.lower() in each for each in found):
                    wrong.append(f"{name}: {method} {path}")
        self.assertEqual(wrong, [])


class Keys(unittest.TestCase):
    """docs/configuration.md itself: tests/docs/configuration_test.py and tests/unit/config/embedded_test.cpp."""

    def setUp(self):
        text = markdown.read("docs/configuration.md")
        self.known, self.sections = set(), set()
        for part in re.split(r"^### ", text[text.index("## Keys"):text.index("\n## Limits")], flags=re.M)[1:]:
            section = part.splitlines()[0].strip("`[]")
            for key in re.findall(r"^\| `([\w.]+)` \|", part, re.M):
                name = key if section == "Top level" else f"{section}.{key}"
                # `limits.total` is a key as well: a table.
                self.known |= {name.rsplit(".", cut)[0] for cut in range(name.count("."))}
            self.sections.add(section.partition(".")[0])
            self.known.add(section)

    def test_of_the_configuration_exist(self):
        wrong = []
        for name in markdown.documents():
            # They quote the replaced systems, or speak of plugins' own tables.
            if name.startswith(("docs/compatibility", "docs/plugin", "plugins/", "sdk/")):
                continue
            for key in re.findall(r"`([a-z_]+\.[a-z_.]+)(?: = [^`]*)?`", markdown.prose(markdown.read(name))):
                section, _, rest = key.partition(".")
                plugins_own = rest.startswith("config.") or not rest
                file = re.search(r"\.(md|toml|json|yml|so|h|hpp|cpp|py|sh|db|service)$", key)
                if section in self.sections and key not in self.known and not plugins_own and not file:
                    wrong.append(f"{name}: {key}")
        self.assertEqual(wrong, [])

    def test_of_tables_exist(self):
        """Rows of tables whose first column is called key, as that of what a reload takes."""
        wrong, seen = [], 0
        last = {key.rpartition(".")[2] for key in self.known}
        for table in re.findall(r"^\| key \|.*\n\|[-|]*\n((?:\|.*\n)*)", markdown.read("docs/operating.md"), re.M):
            for row in table.splitlines():
                for key in re.findall(r"`(\[*[a-z_.]+\]*)`", row.split("|")[1]):
                    seen += 1
                    name = key.strip("[]")
                    if name not in self.known | last:
                        wrong.append(key)
        self.assertEqual(wrong, [])
        self.assertGreater(seen, 5)


class Plugins(unittest.TestCase):
    def test_are_documented_as_they_describe_themselves(self):
        self.assertEqual(markdown.read("docs/plugins.md"), generate_plugin_docs.document(PROGRAM, PLUGINS),
                         "run tools/generate_plugin_docs.py")


if __name__ == "__main__":
    unittest.main()
