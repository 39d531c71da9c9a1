#!/usr/bin/env python3
"""The public workflows in .github/: what they call exists, what they may do is the least, and nothing is published untested.

Each check is a function that returns what is wrong; the last class breaks the workflows on purpose and wants to be told.
"""
import copy
import os
import re
import shutil
import subprocess
import unittest

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, ".github", "workflows")
# Who may write what; every other job reads, or has no right at all.
MAY_WRITE = {("release.yml", "packages"): {"contents"}, ("release.yml", "image"): {"packages"}}
# Actions that come from GitHub itself or from Docker.
OWNERS = ("actions/", "docker/")


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def load():
    return {name: yaml.safe_load(read(name)) for name in sorted(os.listdir(FOLDER))}


def jobs(workflows):
    return [(name, job_name, job) for name, workflow in workflows.items() for job_name, job in workflow["jobs"].items()]


def steps(workflows):
    return [(name, job, step) for name, _, job in jobs(workflows) for step in job.get("steps", [])]


def listed(value):
    return [value] if isinstance(value, str) else list(value)


def unknown_calls(workflows):
    """Targets of make and scripts of this tree that are not there; matrix values are put in."""
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as file:
        targets = set(" ".join(re.findall(r"^([a-z][\w -]*):(?!=)", file.read(), re.M)).split())
    wrong = []
    for name, job, step in steps(workflows):
        run = step.get("run", "")
        for target in re.findall(r"\bmake ((?:\$\{\{[^}]*\}\}|[\w-]+))", re.sub(r"apt-get install[^\n&;|]*", "", run)):
            variable = re.fullmatch(r"\$\{\{ *matrix\.(\w+) *\}\}", target)
            values = job["strategy"]["matrix"][variable[1]] if variable else [target]
            wrong += [f"{name}: make {value}" for value in values if value not in targets]
        for script in re.findall(r"(?:^|[\s;&|])((?:\.ci|packaging|tests|tools)/\S+)", run):
            if not os.access(os.path.join(ROOT, script), os.X_OK):
                wrong.append(f"{name}: {script}")
    return wrong


def unknown_names(workflows):
    """`needs`, outputs and called workflows that do not exist."""
    wrong = []
    for name, job_name, job in jobs(workflows):
        there = workflows[name]["jobs"]
        needs = listed(job.get("needs", []))
        wrong += [f"{name}: {job_name} needs {needed}" for needed in needs if needed not in there]
        for needed, output in re.findall(r"needs\.(\w+)\.outputs\.(\w+)", str(job)):
            if needed not in needs or output not in there.get(needed, {}).get("outputs", {}):
                wrong.append(f"{name}: {job_name}: output {needed}.{output}")
        ids = {step.get("id"): step for step in job.get("steps", [])}
        for step, output in re.findall(r"steps\.(\w+)\.outputs\.(\w+)", str(job)):
            if step not in ids or f"{output}=" not in ids[step].get("run", ""):
                wrong.append(f"{name}: {job_name}: output of step {step}.{output}")
        called = job.get("uses", "")
        if called:
            file = os.path.basename(called)
            # YAML 1.1 reads the key `on` as true.
            if called != f"./.github/workflows/{file}" or "workflow_call" not in workflows.get(file, {}).get(True, {}):
                wrong.append(f"{name}: {job_name} calls {called}")
    return wrong


def too_many_rights(workflows):
    wrong = [f"{name}: rights by default" for name, workflow in workflows.items() if workflow.get("permissions") != {"contents": "read"}]
    for name, job_name, job in jobs(workflows):
        rights = job.get("permissions", {})
        if not isinstance(rights, dict):
            wrong.append(f"{name}: {job_name}: {rights}")
            continue
        written = {what for what, right in rights.items() if right == "write"}
        if written - MAY_WRITE.get((name, job_name), set()):
            wrong.append(f"{name}: {job_name} writes {written}")
    for name, _, step in steps(workflows):
        if step.get("uses", "").startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
            wrong.append(f"{name}: checkout leaves the token behind")
        # What strangers write (a branch's name, a title) must not become shell.
        if re.search(r"\$\{\{(?! *matrix\.)", step.get("run", "")):
            wrong.append(f"{name}: an expression in the shell: {step['run']}")
    return wrong


def unpinned(texts):
    """Actions that are not named by a commit with its tag behind it, and actions named by two."""
    wrong, commits = [], {}
    for name, text in texts.items():
        for action, rest in re.findall(r"uses: ([\w.-]+/[\w./-]+)@(.*)$", text, re.M):
            pin = re.fullmatch(r"([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", rest)
            if not pin or not action.startswith(OWNERS):
                wrong.append(f"{name}: {action}@{rest}")
            elif commits.setdefault(action, pin.groups()) != pin.groups():
                wrong.append(f"{name}: {action}: two versions")
    return wrong


def ancestors(workflow, job):
    found = set()
    for needed in listed(workflow["jobs"][job].get("needs", [])):
        found |= {needed} | ancestors(workflow, needed)
    return found


def published_untested(workflows):
    release = workflows["release.yml"]
    tests = [name for name, job in release["jobs"].items() if job.get("uses") == "./.github/workflows/ci.yml"]
    wrong = [] if tests else ["nothing tests a release"]
    for name, job in release["jobs"].items():
        publishes = "environment" in job or "write" in job.get("permissions", {}).values()
        if publishes and not set(tests) & ancestors(release, name):
            wrong.append(name)
        # `always()` and its like run a job although one that it needs has failed.
        if publishes and "if" in job:
            wrong.append(f"{name}: {job['if']}")
    return wrong


class Workflows(unittest.TestCase):
    def setUp(self):
        self.workflows = load()

    def test_call_what_exists(self):
        self.assertEqual(unknown_calls(self.workflows), [])
        self.assertEqual(unknown_names(self.workflows), [])

    def test_have_the_least_rights(self):
        self.assertEqual(too_many_rights(self.workflows), [])

    def test_name_actions_by_their_commit(self):
        self.assertEqual(unpinned({name: read(name) for name in self.workflows}), [])

    def test_publish_what_has_passed(self):
        self.assertEqual(published_untested(self.workflows), [])
        uploaded = {step["with"]["name"]: step["with"]["path"] for _, _, step in steps(self.workflows)
                    if "upload-artifact" in step.get("uses", "")}
        downloaded = {step["with"]["name"] for _, _, step in steps(self.workflows) if "download-artifact" in step.get("uses", "")}
        self.assertEqual(downloaded, {"packages"})
        self.assertEqual(uploaded["packages"], "build/deb/packages/*.deb")
        self.assertIn("build/coverage/html", uploaded["coverage"].split())

    def test_every_job_ends(self):
        for name, job_name, job in jobs(self.workflows):
            self.assertTrue("uses" in job or job["timeout-minutes"] <= 150, f"{name}: {job_name}")

    def test_staging_waits_for_an_approval(self):
        self.assertEqual(self.workflows["release.yml"]["jobs"]["staging"]["environment"], "staging")

    def test_the_image_has_a_name_that_registries_take(self):
        """docs.docker.com: a repository's name is lower case; GITHUB_REPOSITORY is written as its owner likes it."""
        self.assertNotRegex(read("release.yml"), r"ghcr\.io/\$\{\{")
        run = next(step["run"] for step in self.workflows["release.yml"]["jobs"]["image"]["steps"] if step.get("id") == "name")
        done = subprocess.run(["bash", "-euc", run + "; cat"], env={"GITHUB_REPOSITORY": "Acme/Heliograph", "GITHUB_OUTPUT": "/dev/stdout"},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "name=ghcr.io/acme/heliograph\n")

    def test_the_image_is_shown_by_a_message_that_is_sent(self):
        run_of = next(step["run"] for _, _, step in steps(self.workflows) if "docker compose up" in step.get("run", "") and "curl" in step["run"])
        started = re.search(r"docker compose up .*--wait (.*)", run_of)[1].split()
        self.assertLessEqual({"gateway", "provider1", "provider2", "provider3"}, set(started))
        self.assertIn("SENT", run_of)

    def test_cover_what_is_promised(self):
        ci = self.workflows["ci.yml"]["jobs"]
        runs = "\n".join(step.get("run", step.get("uses", "")) for _, _, step in steps({"ci.yml": self.workflows["ci.yml"]}))
        for what in (".ci/run", "make coverage", "make deb-test", "docker/build-push-action"):
            self.assertIn(what, runs)
        self.assertEqual(ci["sanitizers"]["strategy"]["matrix"]["kind"], ["asan", "tsan"])
        self.assertFalse(ci["sanitizers"]["strategy"]["fail-fast"])

    def test_what_is_too_slow_for_a_change_runs_every_night(self):
        night = self.workflows["nightly.yml"]
        self.assertIn("schedule", night.get("on", night.get(True)))  # YAML 1.1 reads the key `on` as true
        self.assertEqual(night["jobs"]["slow"]["strategy"]["matrix"]["target"], ["slow", "fault", "mutants", "fuzz"])
        self.assertFalse(night["jobs"]["slow"]["strategy"]["fail-fast"])

    def test_their_scripts_are_right(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed")
        for name, _, step in steps(self.workflows):
            if "run" in step:
                script = re.sub(r"\$\{\{[^}]*\}\}", "word", step["run"])
                # SC2029: that the client puts the value in is meant.
                done = subprocess.run(["shellcheck", "--shell=bash", "--exclude=SC2029", "-"], input=script, capture_output=True, text=True,
                                      check=False)
                self.assertEqual(done.returncode, 0, f"{name}:\n{done.stdout}")


class BrokenOnes(unittest.TestCase):
    """Each check notices what it is for."""

    def broken(self, change):
        workflows = copy.deepcopy(load())
        change(workflows["release.yml"]["jobs"], workflows["ci.yml"]["jobs"])
        return workflows

    def test_calls(self):
        self.assertTrue(unknown_calls(self.broken(lambda _, ci: ci["coverage"]["steps"].append({"run": "make dinner"}))))
        self.assertTrue(unknown_calls(self.broken(lambda _, ci: ci["coverage"]["steps"].append({"run": "cd x && tools/none.sh"}))))
        self.assertTrue(unknown_calls(self.broken(lambda _, ci: ci["sanitizers"]["strategy"]["matrix"]["kind"].append("msan"))))

    def test_names(self):
        self.assertTrue(unknown_names(self.broken(lambda release, _: release["image"].update(needs="nobody"))))
        self.assertTrue(unknown_names(self.broken(lambda release, _: release["image"].pop("outputs"))))
        self.assertTrue(unknown_names(self.broken(lambda release, _: release["tests"].update(uses="./.github/workflows/no.yml"))))

    def test_rights(self):
        self.assertTrue(too_many_rights(self.broken(lambda _, ci: ci["test"].update(permissions="write-all"))))
        self.assertTrue(too_many_rights(self.broken(lambda _, ci: ci["test"].update(permissions={"contents": "write"}))))
        self.assertTrue(too_many_rights(self.broken(lambda _, ci: ci["test"]["steps"].append({"uses": "actions/checkout@v4"}))))
        self.assertTrue(too_many_rights(self.broken(lambda _, ci: ci["test"]["steps"].append({"run": "echo ${{ github.head_ref }}"}))))

    def test_pins(self):
        commit = "0" * 40
        self.assertEqual(unpinned({"x": f"uses: actions/cache@{commit} # v1.2.3\n"}), [])
        for text in ("actions/cache@v4", f"actions/cache@{commit}", f"somebody/cache@{commit} # v1.2.3"):
            self.assertTrue(unpinned({"x": f"uses: {text}\n"}), text)
        self.assertTrue(unpinned({"x": f"uses: actions/cache@{commit} # v1.2.3\nuses: actions/cache@{'1' * 40} # v1.2.4\n"}))

    def test_publishing(self):
        for job in ("packages", "image"):
            self.assertTrue(published_untested(self.broken(lambda release, _, job=job: release[job].update(needs="version"))), job)
        self.assertTrue(published_untested(self.broken(lambda release, _: release["staging"].update({"if": "always()"}))))


if __name__ == "__main__":
    unittest.main()
