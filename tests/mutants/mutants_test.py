#!/usr/bin/env python3
"""Every mutant fits the tree and has a killer. Builds nothing; what the mutants do is run.py's to show."""
import os
import re
import subprocess
import sys
import unittest

import mutants

BUILD = os.environ.get("HELIOGRAPH_BUILD", os.path.join(mutants.ROOT, "build", "release"))


def ctest_names():
    out = subprocess.run(["ctest", "--test-dir", BUILD, "-N"], check=True, capture_output=True, text=True)
    return re.findall(r"Test +#\d+: (\S+)", out.stdout)


def mutant(name="m", find="a();", replace='if (!HG_MUTANT("m")) a();', file="f.cpp"):
    return mutants.parse({"name": name, "killer": "k", "why": "w", "file": file, "find": find, "replace": replace}, "g.toml")


class Mutants(unittest.TestCase):
    def setUp(self):
        self.mutants = mutants.load()

    def test_they_fit(self):
        self.assertGreater(len(self.mutants), 0)
        for name, places in mutants.by_file(self.mutants).items():
            with open(os.path.join(mutants.ROOT, name), encoding="utf-8") as file:
                mutants.apply(file.read(), places)

    def test_names_are_different(self):
        names = [mutant.name for mutant in self.mutants]
        self.assertEqual(sorted(names), sorted(set(names)))

    def test_killers_exist(self):
        known = ctest_names()
        if any(name.endswith("_NOT_BUILT") for name in known):
            known += ["*"]  # C++ tests are not discovered before they are built
        missing = [f"{mutant.name}: {mutant.killer}" for mutant in self.mutants
                   if "*" not in known and not any(re.fullmatch(mutant.killer, name) for name in known)]
        self.assertEqual(missing, [])

    def test_the_python_killers_exist(self):
        known = ctest_names()
        missing = [f"{mutant.name}: {mutant.killer}" for mutant in self.mutants
                   if mutant.killer.startswith(("fault", "integration"))
                   and not any(re.fullmatch(mutant.killer, name) for name in known)]
        self.assertEqual(missing, [])

    def test_what_does_not_fit_is_refused(self):
        for text, places, message in [
            ("b();", [mutant()], "occurs 0 times"),
            ("a(); a();", [mutant()], "occurs 2 times"),
            ("a();", [mutant(replace="b();")], "does not guard"),
            ("a();", [mutant(), mutant(name="n", find="a()", replace='HG_MUTANT("n")')], "the same text"),
        ]:
            with self.assertRaisesRegex(mutants.Faulty, message):
                mutants.apply(text, [(m, m.edits[0]) for m in places])
        with self.assertRaisesRegex(mutants.Faulty, "unknown kill"):
            mutants.parse({"name": "m", "kill": "k"}, "g.toml")
        with self.assertRaisesRegex(mutants.Faulty, "needs file"):
            mutants.parse({"name": "m", "killer": "k", "why": "w", "file": "f"}, "g.toml")

    def test_what_fits_is_changed(self):
        first, second = mutant(), mutant(name="n", find="b();", replace='HG_MUTANT("n") ? c() : b();')
        changed = mutants.apply("a(); b();", [(m, m.edits[0]) for m in (first, second)])
        self.assertEqual(changed, 'if (!HG_MUTANT("m")) a(); HG_MUTANT("n") ? c() : b();')


if __name__ == "__main__":
    sys.exit(unittest.main())
