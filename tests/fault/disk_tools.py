"""Ways to make a disk fail: system calls that strace tampers with, and a small file system that fills up."""
import contextlib
import os
import re
import signal
import subprocess
import tempfile

import fault  # noqa: F401 - the way to the harness
from harness import BINARY, PATIENCE, child_environment, die_with_us, wait_until

SYNC = re.compile(r"\bf(?:data)?sync\(")


class Injector:
    """Attached to a running process: `rule` is what strace's --inject takes. What was traced is in calls()."""

    def __init__(self, pid, rule):
        file, self.path = tempfile.mkstemp(prefix="heliograph-strace-")
        os.close(file)
        calls = rule.split(":")[0]
        # Its words come as soon as they are written: it says when it holds every thread.
        self.process = subprocess.Popen(["strace", "-f", "-p", str(pid), "-o", self.path, "-e", f"trace={calls}", "-e", f"inject={rule}"],
                                        stderr=subprocess.PIPE, text=True, preexec_fn=die_with_us)
        self.said = self.process.stderr.readline()
        if "attached" not in self.said:
            raise AssertionError(f"strace cannot attach: {self.said}")

    def calls(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def injected(self):
        return sum("(INJECTED)" in line or "(DELAYED)" in line for line in self.calls())

    def detach(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20 * PATIENCE)
        self.process.stderr.close()

    def close(self):
        self.detach()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def under_strace(rule, path):
    """What to run the binary under so that `rule` meets it from its first call. It dies with strace."""
    return ["strace", "-f", "-qq", "-y", "-o", path, "-e", f"trace={rule.split(':')[0]}", "-e", f"inject={rule}",
            "setpriv", "--pdeathsig", "KILL"]


def end_traced(traced, number=signal.SIGKILL):
    """Ends the gateway under strace by its own id: strace keeps no child from outliving it, and hands no signal on."""
    if traced.alive():
        for child in children(traced.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        traced.wait()


def children(pid):
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split() if os.path.realpath(f"/proc/{child}/exe") == os.path.realpath(BINARY)]
    return []


def syncs_after_error(calls):
    """Syncs that were asked for after the one that failed."""
    first = next((number for number, line in enumerate(calls) if "(INJECTED)" in line), None)
    if first is None:
        raise AssertionError(f"no sync failed: {calls[-5:]}")
    return [line for line in calls[first + 1:] if SYNC.search(line)]


def run_traced(arguments, folder, rule):
    """Runs the binary from its first call under strace until it ends by itself: the exit code, its words and the calls."""
    path = os.path.join(folder, "strace.out")
    run = subprocess.run([*under_strace(rule, path), BINARY, *arguments], cwd=folder, env=child_environment(), capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    with open(path, encoding="utf-8", errors="replace") as file:
        return run.returncode, run.stdout + run.stderr, file.read().splitlines()


def failed_on_folder(calls):
    """Whether the call that was made to fail was on a folder."""
    return any("(INJECTED)" in line and os.path.isdir(re.search(r"<(.*?)>", line).group(1)) for line in calls)


class SmallDisk:
    """A tmpfs of a few megabytes; a filler takes what room a test does not want."""

    def __init__(self, folder, megabytes):
        self.folder, self.filler = folder, os.path.join(folder, "filler")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        run = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", folder], capture_output=True, text=True,
                             check=False)
        self.why_not = run.stderr.strip() if run.returncode else ""

    def free(self):
        info = os.statvfs(self.folder)
        return info.f_bavail * info.f_frsize

    def leave(self, free):
        """Fills it until `free` bytes are left; never leaves more in between."""
        with open(self.filler, "ab") as file:
            taken = os.fstat(file.fileno()).st_size
            size = max(0, taken + self.free() - free)
            if size > taken:
                os.posix_fallocate(file.fileno(), taken, size - taken)
            else:
                file.truncate(size)

    def leave_nothing(self):
        """Takes the last page, also from under a writer that fights for it."""
        with open(self.filler, "ab") as file, contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), bytes(4096))

    def give_back(self):
        os.truncate(self.filler, 0)

    def close(self):
        if not self.why_not:
            wait_until(lambda: subprocess.run(["umount", self.folder], capture_output=True, check=False).returncode == 0, "the umount")
