"""How many candidates a GPU makes and scores in the seconds that a validator leaves free, and how busy it is meanwhile.

    python ops/gpu/candidates.py MINER OUT [--voxels 5000,12000] [--seconds 20] [--tasks 3] [ARGUMENT ...]

Runs `miner bench --model trellis-image-large --random --candidates SECONDS --json` for each number of voxels; further arguments go
to it. Writes OUT/candidates.jsonl: the bench's lines with what nvidia-smi said of the GPU while the tasks were at work.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import threading
import time


class Watch(threading.Thread):
    """Five times a second: (when, percent of the time that a kernel ran, MiB in use)."""

    def __init__(self):
        super().__init__(daemon=True)
        self.samples = []
        card = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
        ask = ["nvidia-smi", "-i", card, "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "-lms", "200"]
        self.process = subprocess.Popen(ask, stdout=subprocess.PIPE, text=True) if shutil.which(ask[0]) else None

    def run(self):
        for line in self.process.stdout if self.process else ():
            self.samples.append((time.monotonic(), *map(float, line.split(","))))

    def between(self, begin, end):
        return [sample for sample in self.samples if begin <= sample[0] <= end]

    def stop(self):
        if self.process:
            self.process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("miner")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--voxels", default="5000,12000")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=3)
    args, more = parser.parse_known_args()
    lines = []
    for voxels in args.voxels.split(","):
        watch = Watch()
        watch.start()
        told = subprocess.run([args.miner, "bench", "--model", "trellis-image-large", "--random", "--voxels", voxels, "--runs", str(args.tasks),
                               "--candidates", str(args.seconds), "--json", *more], stdout=subprocess.PIPE, text=True, check=True).stdout
        end = time.monotonic()
        watch.stop()
        line = json.loads(told)
        # The tasks are all that follows the loading; a second at both ends is left out, as nvidia-smi looks back for as long.
        span = sum(task["window_ms"] for task in line["tasks"]) / 1000
        seen = watch.between(end - span + 1, end - 1)
        if seen:
            line["gpu_busy_percent"] = round(statistics.fmean(sample[1] for sample in seen), 1)
            line["gpu_mib"] = [min(sample[2] for sample in seen), max(sample[2] for sample in seen)]
        lines.append(json.dumps(line))
        each = statistics.median([ms for task in line["tasks"] for ms in task["each_ms"]] or [0])
        print(f"{voxels} voxels: {[task['candidates'] for task in line['tasks']]} candidates in {args.seconds} s, "
              f"{[task['structures'] for task in line['tasks']]} structures, one every {each:.0f} ms, GPU busy {line.get('gpu_busy_percent')} %, "
              f"MiB {line.get('gpu_mib')}", flush=True)
    (args.out / "candidates.jsonl").write_text("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
