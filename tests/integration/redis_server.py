"""A redis-server of the test's own, on a free port."""
import socket
import subprocess

from harness import die_with_us, free_port, wait_until


class Redis:
    """A redis-server on a free port that keeps nothing."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder,
             "--loglevel", "warning"], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, preexec_fn=die_with_us)
        wait_until(self.answers, "redis-server to answer")

    def answers(self):
        try:
            return self.command("PING") == "+PONG"
        except OSError:
            return False

    def command(self, *words):
        """One simple command; the first line of the answer, or all lines of an array of texts."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall((" ".join(words) + "\r\n").encode())
            lines = connection.makefile("r", encoding="utf-8", newline="\r\n")
            first = lines.readline().strip()
            if not first.startswith("*"):
                return first
            return [[lines.readline().strip() for _ in range(2)][1] for _ in range(int(first[1:]))]

    def kill(self):
        self.process.kill()
        self.process.wait()
