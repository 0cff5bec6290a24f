"""What a benchmark ran on, for the head of its table (Linux)."""
import os
import pathlib


def describe():
    """-> dict: processor, cores this process may use, memory, and how busy the machine was."""
    field = lambda path, key: next((line.split(":", 1)[1].strip() for line in pathlib.Path(path).read_text().splitlines()
                                    if line.startswith(key)), "unknown")
    memory_kib = int(field("/proc/meminfo", "MemTotal").split()[0])
    return {"processor": field("/proc/cpuinfo", "model name"), "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(memory_kib / 2 ** 20, 1), "load_at_start": round(os.getloadavg()[0], 2)}
