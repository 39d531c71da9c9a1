"""What some fault tests need of the machine beside the gateway. Where it is missing a test is skipped as a whole, with the reason and
the exit code that ctest knows for it (SKIP_RETURN_CODE): a test that could not run has not failed, and has shown nothing."""
import os
import shutil
import subprocess
import sys

SKIPPED = 77
INSIDE = "HELIOGRAPH_TEST_MOUNTS"


def skip(reason):
    print(f"skipped: {reason}", flush=True)
    sys.exit(SKIPPED)


def need_programs(*names):
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        skip(f"{', '.join(missing)} is not installed (packaging/install-deps.sh)")


def need_tracing():
    """strace, and the right to attach it to a process that is not its child."""
    need_programs("strace", "setpriv")
    with subprocess.Popen(["sleep", "60"]) as victim:
        try:
            tracer = subprocess.Popen(["strace", "-f", "-p", str(victim.pid), "-o", os.devnull], stderr=subprocess.PIPE, text=True)
            said = tracer.stderr.readline().strip()
            tracer.terminate()
            tracer.communicate()
        finally:
            victim.kill()
    if "attached" not in said:
        skip(f"strace may not attach to a process here: {said}")


def own_mounts():
    """Runs this program again in a mount namespace of its own; returns only there. What it mounts goes with its last process, however
    that ends."""
    if os.environ.get(INSIDE):
        return
    need_programs("unshare", "mount")
    probe = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"], capture_output=True, text=True,
                           check=False)
    if probe.returncode != 0:
        skip(f"no tmpfs can be mounted in a namespace here: {probe.stderr.strip()}")
    os.execvpe("unshare", ["unshare", "--mount", sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]],
               {**os.environ, INSIDE: "1"})
