"""The whole application on a GPU: every subcommand once, then `miner rehearse` and `miner serve` with the published architecture.

    python ops/gpu/field.py MINER OUT --model FOLDER [--device cuda] [--tasks 24]

FOLDER is a checkpoint of random weights (ops/gpu/reference.py --make): it makes no object, but as many scattered voxels as one
has, another number each time. Writes OUT/field.jsonl: milliseconds of each stage of the first task and of all later ones, by the
database of the rehearsal and by the answers of the server. Exits with 1 when a command ended otherwise than it should.
"""
import argparse
import io
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request

PICTURES = pathlib.Path(__file__).resolve().parent.parent / "rehearsal"
STAGES = ("encode", "structure", "occupancy", "latent", "gaussians_ms", "compress")


class Field:
    def __init__(self, miner, out, folder, device):
        self.miner, self.out, self.folder, self.device, self.bad = miner, out, folder, device, []

    def run(self, name, *words, expect=(0,), stdin=None):
        began = time.monotonic()
        home = {"HOME": str(self.folder), "OMP_NUM_THREADS": "16"}
        done = subprocess.run([self.miner, *words], capture_output=True, text=True, errors="replace", input=stdin, timeout=400,
                              env={**dict(os.environ), **home})
        ok = done.returncode in expect
        print(f"{'ok ' if ok else 'BAD'} {name:<24} exit {done.returncode:3d} {time.monotonic() - began:7.1f} s", flush=True)
        (self.out / f"field_{name.replace(' ', '_')}.txt").write_text(done.stdout + done.stderr)
        if not ok:
            self.bad.append(name)
            print((done.stdout + done.stderr)[-1500:])
        return done.stdout

    def gpu(self, *more):
        return ("--generator.device", self.device, *more)


def write(lines, **row):
    lines.append(json.dumps(row))
    print(lines[-1], flush=True)


def summary(what, tasks):
    """tasks: stage -> milliseconds, in order."""
    stages = {stage: [task[stage] for task in tasks if task.get(stage) is not None] for stage in tasks[0]}
    return dict(what=what, tasks=len(tasks), first={s: round(v[0], 1) for s, v in stages.items() if v},
                later={s: round(statistics.median(v[1:]), 1) for s, v in stages.items() if len(v) > 1},
                slowest={s: round(max(v[1:]), 1) for s, v in stages.items() if len(v) > 1})


def commands(field):
    """Every subcommand once."""
    picture, spz, png = PICTURES / "01_yellow_tree.png", field.folder / "a.spz", field.folder / "a.png"
    storage = ("--storage.path", str(field.folder / "commands"))
    field.run("version", "version")
    field.run("config", "config", "--json", *field.gpu())
    field.run("check", "check", *field.gpu(), *storage, expect=range(0, 128))  # there is no wallet and no network here
    field.run("rehearse embedded", "rehearse", "--tasks", "12", *field.gpu(), *storage, expect=(0, 1))
    field.run("stats", "stats", *storage)
    field.run("backup", "backup", str(field.folder / "copy.db"), *storage)
    field.run("restore", "restore", str(field.folder / "copy.db"), *storage)
    field.run("generate", "generate", str(picture), "-o", str(spz), "--gate.attempts", "1", *field.gpu())
    field.run("generate prompt", "generate", "--prompt", "a red chair", "-o", str(field.folder / "b.ply"), *field.gpu())
    field.run("inspect", "inspect", str(spz), "--json")
    field.run("render gpu", "render", str(spz), "-o", str(png), "--views", "16", "--device", field.device)
    field.run("wallet", "wallet", "show", expect=range(0, 128))
    field.run("weights", "weights", "list")
    field.run("completion", "completion", "bash")
    for dtype in ("fp16", "bf16", "fp32"):
        field.run(f"bench {dtype}", "bench", "--model", "trellis-image-large", "--random", "--runs", "2", "--steps", "2",
                  *field.gpu("--generator.dtype", dtype))
    field.run("bench words", "bench", "--model", "trellis-text-base", "--random", "--runs", "2", "--steps", "2", *field.gpu())


def rehearse(field, lines, what, tasks, *more):
    folder = field.folder / what.replace(" ", "_")
    # Random weights make no object, so that no score is good: the verdict is NO GO.
    field.run(f"rehearse {what}", "rehearse", "--tasks", str(tasks), "--rehearse.text_share", "0", "--gate.attempts", "1",
              "--storage.path", str(folder), *field.gpu(*more), expect=(0, 1))
    database = next(folder.rglob("miner.db"))
    rows = sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(
        f"SELECT voxels, {', '.join(STAGES)} FROM attempts WHERE latent >= 0 ORDER BY at").fetchall()
    if not rows:
        field.bad.append(f"rehearse {what}: nothing was made")
        return
    made = [dict(zip(("voxels", *STAGES), row)) for row in rows]
    for task in made:
        task["all"] = sum(task[stage] for stage in STAGES if task[stage] is not None and task[stage] > 0)
    write(lines, **summary(f"rehearse, {what}", made))


def form(picture, seed):
    edge = "edge6d696e6572"
    body = io.BytesIO()
    body.write((f'--{edge}\r\nContent-Disposition: form-data; name="seed"\r\n\r\n{seed}\r\n--{edge}\r\nContent-Disposition: form-data; '
                'name="prompt_image_file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n').encode())
    body.write(picture.read_bytes())
    body.write(f"\r\n--{edge}--\r\n".encode())
    return body.getvalue(), f"multipart/form-data; boundary={edge}"


def serve(field, lines, what, tasks, *more):
    log = field.out / "field_serve.txt"
    server = subprocess.Popen([field.miner, "serve", "--http.listen", "127.0.0.1:18080", "--gate.attempts", "1", "--gate.min_gaussians",
                               "1000", "--gate.floor", "1", "--storage.path", str(field.folder / "serve"), *field.gpu(*more)],
                              stdout=log.open("w"), stderr=subprocess.STDOUT)
    began, url = time.monotonic(), "http://127.0.0.1:18080"
    try:
        while True:
            try:
                with urllib.request.urlopen(url + "/ready", timeout=5) as answer:
                    if answer.status == 200:
                        break
            except OSError:
                pass
            if server.poll() is not None or time.monotonic() - began > 180:
                field.bad.append(f"serve {what}: not ready")
                print(log.read_text()[-1500:])
                return
            time.sleep(0.05)
        ready, pictures, made = time.monotonic() - began, sorted(PICTURES.glob("*.png")), []
        for number in range(tasks):
            body, kind = form(pictures[number % len(pictures)], number)
            request = urllib.request.Request(url + "/generate", body, {"content-type": kind, "accept": "model/spz"})
            sent = time.monotonic()
            with urllib.request.urlopen(request, timeout=300) as answer:
                answer.read()
                timing = dict(re.findall(r"(\w+);dur=([\d.]+)", answer.headers.get("server-timing", "")))
            made.append({**{stage: float(ms) for stage, ms in timing.items()}, "call": 1000 * (time.monotonic() - sent)})
        write(lines, **summary(f"serve, {what}", made), ready_s=round(ready, 1))
    finally:
        server.send_signal(signal.SIGTERM)
        if server.wait(60) != 0:
            field.bad.append(f"serve {what}: exit {server.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("miner")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--part", action="append", choices=("commands", "embedded", "published", "serve"), help="all when none is named")
    args = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="miner-field-"))
    field, lines = Field(args.miner, args.out, folder, args.device), []
    try:
        published = ("published architecture", args.tasks, "--generator.model", args.model)
        parts = args.part or ("commands", "embedded", "serve", "published")
        if "commands" in parts:
            commands(field)
        if "embedded" in parts:
            rehearse(field, lines, "embedded model", args.tasks)
        if "serve" in parts:
            serve(field, lines, *published)
        if "published" in parts:
            rehearse(field, lines, *published)
    finally:
        (args.out / "field.jsonl").write_text("\n".join(lines) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
    print("every command ended as it should" if not field.bad else "BAD: " + "; ".join(field.bad))
    return 1 if field.bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
