"""Tables that programs write into docs/reliability.md: dated, with the machine, each between markers of its own."""
import datetime
import os
import re

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs", "reliability.md")
END = "<!-- to here -->"


def read(path, pattern, default):
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read(), re.M)
    except OSError:
        return default
    return found.group(1) if found else default


def machine():
    memory = int(read("/proc/meminfo", r"^MemTotal: +(\d+)", "0")) / (1 << 20)
    processor = re.sub(r"\((R|TM)\)|CPU|@.*", "", read("/proc/cpuinfo", r"^model name\s*: (.+)", "unknown processor"))
    kernel = read("/proc/sys/kernel/osrelease", r"^(\d+\.\d+)", "?")
    return f"{os.cpu_count()} cores ({' '.join(processor.split())}), {memory:.0f} GiB, Linux {kernel}"


def headed(text):
    """With the day and the machine above it, which every figure needs."""
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    return f"{today}, {machine()}; {text}"


def write(mark, text):
    begin = f"<!-- {mark} writes from here -->"
    with open(PAGE, encoding="utf-8") as file:
        before, rest = file.read().split(begin)
    _, after = rest.split(END, 1)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(f"{before}{begin}\n{headed(text)}\n{END}{after}")
