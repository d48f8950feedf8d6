"""What the figures were taken on."""
import os
import pathlib
import platform
import re
import statistics
import time

_RECORD = b"x" * 700
_WRITES = 200
_PACE_S = 0.001
_LOOPS = 5
_LOOP_STEPS = 100_000


def _first(path, pattern):
    found = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def fdatasync_us(directory):
    """Median and 99th percentile of append and fdatasync, in microseconds: one each millisecond, for a disk that has
    gone idle answers later than one that is kept busy."""
    path = pathlib.Path(directory) / "fdatasync"
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(_WRITES):
            time.sleep(_PACE_S)
            begin = time.perf_counter()
            file.write(_RECORD)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begin) * 1e6)
    path.unlink()
    took.sort()
    return {"p50": statistics.median(took), "p99": took[int(0.99 * (len(took) - 1))]}


def loop_ms():
    """How fast the machine is at the moment: the best of some rounds of arithmetic, in milliseconds."""
    took = []
    for _ in range(_LOOPS):
        begin = time.perf_counter()
        number = 1
        for _ in range(_LOOP_STEPS):
            number = number * 6364136223846793005 + 1442695040888963407 & 0xFFFFFFFFFFFFFFFF
        took.append((time.perf_counter() - begin) * 1e3)
    return min(took)


def describe(directory):
    return {
        "cores": os.cpu_count(),
        "cpu": _first("/proc/cpuinfo", r"^model name\s*: (.*)$"),
        "memory_mib": int(_first("/proc/meminfo", r"^MemTotal:\s+(\d+)")) // 1024,
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "fdatasync_us": fdatasync_us(directory),
    }


def rss_kib(pid):
    return int(_first(f"/proc/{pid}/status", r"^VmRSS:\s+(\d+)"))
