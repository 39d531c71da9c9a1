#!/usr/bin/env python3
"""Completion in bash, zsh and fish: at each command it offers what --help of the program lists there, all of it and nothing else."""
import os
import re
import shlex
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "packaging", "completion")
PROGRAM = os.environ["HELIOGRAPH_BIN"]
SEPARATOR = "-- next --"


def help_of(words):
    done = subprocess.run([PROGRAM, *words, "--help"], capture_output=True, text=True, check=True)
    return done.stdout


def section(text, name):
    found = re.search(rf"^{name}:\n((?:  .*\n)*)", text, re.M)
    return found[1] if found else ""


def tree(words=()):
    """(command, its subcommands, its options) of the whole program."""
    text = help_of(words)
    commands = re.findall(r"^  ([a-z][a-z-]*)", section(text, "Subcommands"), re.M)
    options = re.findall(r"^  (?:-\w,)?(--[a-z-]+)", section(text, "Options"), re.M)
    yield words, set(commands), set(options)
    for command in commands:
        yield from tree((*words, command))


def ask(shell, lines):
    """What a shell offers at the end of each of these command lines, as sets of words."""
    done = subprocess.run([*SHELLS[shell][0], SHELLS[shell][1](lines)], capture_output=True, text=True, cwd="/", timeout=100, check=False)
    assert done.returncode == 0 and not done.stderr, f"{shell}: {done.returncode} {done.stderr}"
    parts = done.stdout.split(SEPARATOR + "\n")
    assert len(parts) == len(lines) + 1, done.stdout
    return [{line.split("\t")[0] for line in part.splitlines() if line} for part in parts[1:]]


def in_bash(lines):
    script = [f"source {FOLDER}/heliograph"]
    for words in lines:
        quoted = " ".join(map(shlex.quote, (PROGRAM, *words)))
        script.append(f"echo '{SEPARATOR}'; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; COMPREPLY=(); _heliograph;"
                      " printf '%s\\n' \"${COMPREPLY[@]}\"")
    return "\n".join(script)


def in_zsh(lines):
    """With the real completion system for loading; what is handed to the menu is printed, narrowed to the word as the menu does."""
    script = [f"fpath=({FOLDER} $fpath); autoload -Uz compinit; compinit -u -D; [[ $_comps[heliograph] == _heliograph ]] || exit 3",
              "_describe() { local -a all=(${(P)@[-1]}); print -rl -- ${(M)${all[@]/:*/}:#${words[CURRENT]}*}; }",
              "_files() { print -rl -- ${words[CURRENT]}*(N); }"]
    for words in lines:
        quoted = " ".join(map(shlex.quote, (PROGRAM, *words)))
        script.append(f"echo '{SEPARATOR}'; words=({quoted}); CURRENT={len(words) + 1}; _heliograph")
    return "\n".join(script)


def in_fish(lines):
    script = [f"source {FOLDER}/heliograph.fish", f"complete -c {os.path.basename(PROGRAM)} -w heliograph"]
    for words in lines:
        line = " ".join((PROGRAM, *words))
        script.append(f"echo '{SEPARATOR}'; complete -C {shlex.quote(line)}")
    return "\n".join(script)


SHELLS = {"bash": (["bash", "--norc", "-c"], in_bash),
          "zsh": (["zsh", "-f", "-c"], in_zsh),
          "fish": (["fish", "--no-config", "-c"], in_fish)}


class Completion(unittest.TestCase):
    def test_offers_every_command_and_option(self):
        nodes = list(tree())
        self.assertGreater(len(nodes), 25)
        self.assertIn(("plugin", "inspect"), [words for words, _, _ in nodes])
        for shell in SHELLS:
            options = ask(shell, [(*words, "--") for words, _, _ in nodes])
            self.assertEqual({words: found for (words, _, _), found in zip(nodes, options)},
                             {words: expected for words, _, expected in nodes}, shell)
            inner = [(words, expected) for words, expected, _ in nodes if expected]
            commands = ask(shell, [(*words, "") for words, _ in inner])
            self.assertEqual(dict(zip((words for words, _ in inner), commands)), dict(inner), shell)

    def test_narrows_to_what_is_written(self):
        for shell in SHELLS:
            self.assertEqual(ask(shell, [("ser",), ("serve", "--de"), ("plugin", "ins"), ("nothing", "--js")]),
                             [{"serve"}, {"--demo"}, {"inspect"}, set()], shell)

    def test_offers_files_where_there_is_no_command(self):
        for shell in SHELLS:
            for found in ask(shell, [("serve", "--config", "et"), ("plugin", "inspect", "et")]):
                self.assertEqual({name.rstrip("/") for name in found}, {"etc"}, shell)

    def test_reads_the_help_in_one_way(self):
        """The three files hold the same program for awk."""
        programs = set()
        for name in ("heliograph", "_heliograph", "heliograph.fish"):
            with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
                programs.add(re.sub(r"\s+", " ", re.search(r"awk '(.*?)'", file.read(), re.S)[1]))
        self.assertEqual(len(programs), 1)


if __name__ == "__main__":
    unittest.main()
