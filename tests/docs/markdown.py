"""The parts of a Markdown document that can be proved wrong: links, headings, fenced blocks."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def documents():
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "--", "*.md"], check=True, capture_output=True,
                         text=True)
    return sorted(name for name in out.stdout.splitlines()
                  if os.path.exists(os.path.join(ROOT, name)) and not name.startswith("third_party/"))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def blocks(text):
    """(language, content) of each fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S)


def prose(text):
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def links(text):
    """Targets of links and images."""
    without_code = re.sub(r"`[^`\n]*`", "", prose(text))
    return re.findall(r"\]\(([^()\s]+(?:\([^()]*\))?)\)", without_code)


def anchors(text):
    """The names that headings get where these documents are read (GitHub: lower case, blanks to hyphens, repeats numbered)."""
    seen, names = {}, set()
    for heading in re.findall(r"^#{1,6} +(.+?)\s*$", prose(text), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        names.add(f"{name}-{count}" if count else name)
    return names


def commands(text):
    """Command lines of the shell blocks, continued lines joined, comments cut."""
    for language, content in blocks(text):
        if language not in ("sh", "bash", "console"):
            continue
        for line in content.replace("\\\n", " ").splitlines():
            line = re.sub(r"(^|\s)#\s.*$", "", line).strip()
            if line:
                yield line
