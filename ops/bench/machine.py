"""What a benchmark ran on, and how much of it others took meanwhile, for the head of its table (Linux)."""
import os
import pathlib
import resource


def describe():
    """-> dict: processor, cores this process may use, memory."""
    field = lambda path, key: next((line.split(":", 1)[1].strip() for line in pathlib.Path(path).read_text().splitlines()
                                    if line.startswith(key)), "unknown")
    memory_kib = int(field("/proc/meminfo", "MemTotal").split()[0])
    return {"processor": field("/proc/cpuinfo", "model name"), "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(memory_kib / 2 ** 20, 1)}


class Others:
    """Around the run of a child: `share` is the part of the machine's time, 0 to 1, that went to anyone else."""

    def __enter__(self):
        self._begun = self._seconds()
        return self

    def __exit__(self, *_):
        busy, total, own = (now - then for now, then in zip(self._seconds(), self._begun))
        self.share = max(0.0, busy - own) / max(total, 1e-9)

    @staticmethod
    def _seconds():
        # user nice system idle iowait irq softirq steal; what stands behind these is counted in them already
        ticks = [int(n) for n in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        scale = os.sysconf("SC_CLK_TCK")
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (sum(ticks) - ticks[3] - ticks[4]) / scale, sum(ticks) / scale, spent.ru_utime + spent.ru_stime
