"""The application of a package on a machine with a GPU, as an operator has it: what it does, how much it makes, what it survives.

    python ops/gpu/proof.py MINER OUT --model FOLDER [--minutes 15] [--part NAME ...]

MINER is the executable of an unpacked package; FOLDER a checkpoint of random weights (ops/gpu/reference.py --make). Parts, all of
them (but kill, which takes --tests) when none is named:

    check      versions, and what `miner check` says of this machine
    rehearse   `miner rehearse --tasks 40` with the embedded model must say GO
    soak       the published architecture mines for --minutes with three hotkeys: tasks an hour, how busy the GPU is, memory
    serve      the same behind `miner serve`: clients that come at once, kill -9 in the middle of a call, and on with it
    memory     another program has taken the GPU's memory: the start, or the call, says what helps; later ones are made
    mining     the same while it mines: tasks fail, mining goes on and is well afterwards
    pair       two processes on one GPU
    kill       tests/e2e/kill_test.cpp against this executable: kill -9 at every stage of a task, nothing lost, nothing sent twice

Writes OUT/proof.jsonl, a line a part, and what the programs said beside it. Exits with 1 when something was not as it must be.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from field import PICTURES, form

PARTS = ("check", "rehearse", "soak", "serve", "memory", "mining", "scarce", "pair", "kill")
PORT = int(os.environ.get("MINER_PROOF_PORT", 18080))
MANY = 20_000  # tasks: more than are made here
# Fills what is free of the GPU but the given MiB, says so, and holds it until its standard input ends.
HOG = """
import sys, torch
free = torch.cuda.mem_get_info()[0] - int(sys.argv[1]) * 2**20
block = torch.empty(max(free, 0), dtype=torch.uint8, device="cuda")
print("held", flush=True)
sys.stdin.read()
"""


class Samples(threading.Thread):
    """Once a second: how busy the GPU is and how much of its memory is taken, and a process's memory, threads and descriptors."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.rows, self.over = pid, [], threading.Event()

    def run(self):
        # nvidia-smi counts all cards of the machine, a program those that it is shown.
        card = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
        ask = ["nvidia-smi", "-i", card, "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits",
               "-lms", "1000"]
        if not shutil.which(ask[0]):  # a trial of this script without a GPU
            ask = ["sh", "-c", "while sleep 1; do echo 0, 0; done"]
        watch = subprocess.Popen(ask, stdout=subprocess.PIPE, text=True)
        try:
            for line in watch.stdout:
                if self.over.is_set() or not pathlib.Path(f"/proc/{self.pid}").exists():
                    return
                with contextlib.suppress(OSError, ValueError, IndexError):
                    self.rows.append([float(word) for word in line.split(",")] + self.host())
        finally:
            watch.kill()

    def host(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        number = lambda key: int(re.search(rf"^{key}:\s+(\d+)", status, re.M)[1])
        return [number("VmRSS") / 1024, number("Threads"), len(os.listdir(f"/proc/{self.pid}/fd"))]

    def stop(self):
        self.over.set()
        self.join(10)

    def summary(self):
        """Of the second half, in which nothing is warmed up any more; growth from its first tenth to its last."""
        rows = self.rows[len(self.rows) // 2:]
        if len(rows) < 10:
            return {}
        tenth = max(1, len(rows) // 10)
        mean = lambda part, column: statistics.fmean(row[column] for row in part)
        names = ("gpu_busy_percent", "gpu_mib", "host_mib", "threads", "descriptors")
        out = {name: round(mean(rows, column), 1) for column, name in enumerate(names)}
        out |= {f"{name}_most": max(row[column] for row in self.rows) for column, name in enumerate(names) if column}
        out |= {f"{name}_growth": round(mean(rows[-tenth:], column) - mean(rows[:tenth], column), 1)
                for column, name in enumerate(names) if column}
        return out


class Proof:
    def __init__(self, args, folder):
        self.miner, self.out, self.folder = args.miner, args.out, folder
        self.model, self.device, self.minutes, self.tests = args.model, args.device, args.minutes, args.tests
        self.lines, self.bad = [], []
        # Variables of these scripts are no settings of the miner's.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")} | {"HOME": str(folder)}

    def must(self, holds, what):
        if not holds:
            self.bad.append(what)
            print("BAD:", what, flush=True)
        return bool(holds)

    def tell(self, part, **row):
        self.lines.append(json.dumps({"part": part, **row}))
        print(self.lines[-1], flush=True)

    def words(self, *words, published=False):
        model = ("--generator.model", self.model) if published else ()
        return [str(word) for word in (self.miner, *words, "--generator.device", self.device, *model)]

    def ask(self, name, *words, expect=(0,), **more):
        began = time.monotonic()
        done = subprocess.run(self.words(*words, **more), capture_output=True, text=True, errors="replace", timeout=500, env=self.environment)
        (self.out / f"proof_{name}.txt").write_text(done.stdout + done.stderr)
        if not self.must(done.returncode in expect, f"{name}: exit {done.returncode}"):
            print((done.stdout + done.stderr)[-1500:])
        return done.stdout, round(time.monotonic() - began, 1)

    @contextlib.contextmanager
    def started(self, name, *words, **more):
        """A process of its own; what is not ended by then is stopped in order."""
        with (self.out / f"proof_{name}.txt").open("a") as log:
            process = subprocess.Popen(self.words(*words, **more), stdout=log, stderr=subprocess.STDOUT, env=self.environment)
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    try:
                        process.wait(120)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait(60)
                        self.must(False, f"{name}: does not stop")

    def said(self, name):
        return (self.out / f"proof_{name}.txt").read_text(errors="replace")

    def rehearsal(self, storage, *more):
        """Words of a rehearsal by the published architecture. Random weights make no object: the verdict is NO GO."""
        return ("rehearse", "--rehearse.text_share", "0", "--rehearse.hotkeys", "3", "--storage.path", storage, "--http.listen",
                f"127.0.0.1:{PORT}", *more)

    def database(self, storage):
        return sqlite3.connect(f"file:{next(pathlib.Path(storage).rglob('miner.db'))}?mode=ro", uri=True)

    def number(self, storage, query):
        try:
            with contextlib.closing(self.database(storage)) as database:
                return database.execute(query).fetchone()[0]
        except (StopIteration, sqlite3.Error):
            return 0

    def await_true(self, what, holds, seconds=180, process=None):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if holds():
                return True
            if process is not None and process.poll() is not None:
                break
            time.sleep(0.1)
        return self.must(False, f"{what}: never came")

    @contextlib.contextmanager
    def memory_taken(self, leave_mib):
        hog = subprocess.Popen([sys.executable, "-c", HOG, str(leave_mib)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.must(hog.stdout.readline().strip() == "held", "the GPU's memory could not be taken")
            yield
        finally:
            hog.stdin.close()
            hog.wait(60)


def get(path, timeout=10):
    """Status and text; status 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=timeout) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(errors="replace")
    except OSError as fault:
        return 0, str(fault)


def generate(number):
    pictures = sorted(PICTURES.glob("*.png"))
    body, kind = form(pictures[number % len(pictures)], number)
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/generate", body, {"content-type": kind, "accept": "model/spz"})
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.status, len(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(errors="replace")
    except OSError as fault:
        return 0, str(fault)


def check(proof):
    version, _ = proof.ask("version", "version")
    print(version)
    found, seconds = proof.ask("check", "check", "--json", "--storage.path", proof.folder / "check", expect=range(0, 128), published=True)
    # There is no wallet and no network here; what is asked for is the machine and the model.
    findings = [f for f in json.loads(found)["findings"] if f["what"] not in ("chain node", "chain", "validators", "clock")]
    for finding in findings:
        print(f"  {finding['state']:<5} {finding['what']:<18} {finding['found']}")
    proof.must(any(proof.device in f["found"] and f["what"] == "model" for f in findings), "check: the model is not on the GPU")
    proof.tell("check", seconds=seconds, version=version.split("\n"), findings={f["what"]: f["found"] for f in findings})


def rehearse(proof):
    storage = proof.folder / "rehearse"
    out, seconds = proof.ask("rehearse", "rehearse", "--tasks", "40", "--storage.path", storage)
    proof.must("Verdict: GO" in out, "rehearse: no GO")
    rate = re.search(r"^Success rate.*$", out, re.M)
    proof.tell("rehearse", seconds=seconds, tasks=proof.number(storage, "SELECT count(*) FROM tasks"), said=rate and rate[0])


def soak(proof):
    storage = proof.folder / "soak"
    closed = "SELECT count(*) FROM tasks WHERE closed_at IS NOT NULL"
    with proof.started("soak", *proof.rehearsal(storage, "--tasks", str(MANY)), published=True) as process:
        if not proof.await_true("soak: the first task", lambda: proof.number(storage, closed) > 0, process=process):
            return
        samples = Samples(process.pid)
        samples.start()
        began, before = time.monotonic(), proof.number(storage, closed)
        while time.monotonic() - began < 60 * proof.minutes and process.poll() is None:
            time.sleep(1)
        seconds, made = time.monotonic() - began, proof.number(storage, closed) - before
        health = get("/health")
        samples.stop()
        proof.must(process.poll() is None, "soak: it ended by itself")
        proof.must(health[0] == 200, f"soak: /health says {health}")
    proof.must(process.returncode in (0, 1), f"soak: exit {process.returncode}")
    often = proof.number(storage, "SELECT max(sent) FROM (SELECT count(*) AS sent FROM submissions GROUP BY task)")
    proof.must(often == 1, f"soak: one task was submitted {often} times")
    row = samples.summary()
    proof.must(row.get("host_mib_growth", 0) < 256, f"soak: the process grew by {row.get('host_mib_growth')} MiB")
    proof.tell("soak", minutes=round(seconds / 60, 1), tasks=made, tasks_an_hour=round(3600 * made / seconds), candidates_an_hour=round(
        3600 * proof.number(storage, "SELECT count(*) FROM attempts WHERE gaussians_ms > 0") / seconds), **row)


def serve(proof):
    words = ("serve", "--http.listen", f"127.0.0.1:{PORT}", "--gate.attempts", "1", "--storage.path", proof.folder / "serve")
    ready = lambda: get("/ready")[0] == 200
    with proof.started("serve", *words, published=True) as process:
        began = time.monotonic()
        if not proof.await_true("serve: ready", ready, process=process):
            return
        until_ready, answers = round(time.monotonic() - began, 1), []
        samples = Samples(process.pid)
        samples.start()
        began = time.monotonic()
        def client(first):
            answers.extend(generate(number) for number in range(first, first + 20))
        clients = [threading.Thread(target=client, args=(20 * number,)) for number in range(3)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        seconds = time.monotonic() - began
        samples.stop()
        failed = [answer for answer in answers if answer[0] != 200]
        proof.must(not failed, f"serve: {failed[:3]}")
        cut = []
        caller = threading.Thread(target=lambda: cut.append(generate(99)))
        caller.start()
        time.sleep(0.4)  # in the middle of a call, which takes longer
        process.kill()
        process.wait(60)
        caller.join()
        proof.must(cut[0][0] == 0, f"serve: the call that was cut off ended with {cut[0]}")
    with proof.started("serve", *words, published=True) as process:
        proof.await_true("serve: ready after kill -9", ready, process=process)
        again = generate(99)
        proof.must(again[0] == 200, f"serve: after kill -9 {again}")
    proof.must(process.returncode == 0, f"serve: exit {process.returncode}")
    proof.tell("serve", ready_s=until_ready, calls=len(answers), calls_an_hour=round(3600 * len(answers) / seconds), after_kill=again[0],
               **samples.summary())


def memory(proof):
    words = ("serve", "--http.listen", f"127.0.0.1:{PORT}", "--gate.attempts", "1", "--storage.path", proof.folder / "memory")
    with proof.memory_taken(1000):
        refused, _ = proof.ask("memory_refused", *words, expect=range(1, 128), published=True)
    proof.must("GPU" in proof.said("memory_refused"), "memory: the refusal names no GPU")
    # Room for the weights, hardly for more: what is tried runs out while it works.
    with contextlib.ExitStack() as taken:
        taken.enter_context(proof.memory_taken(4000))
        with proof.started("memory", *words, published=True) as process:
            up = lambda: get("/ready")[0] == 200 or process.poll() is not None
            proof.await_true("memory: ready, or over", up)
            tight = [generate(number) for number in range(3)] if process.poll() is None else []
            taken.close()
            after = [generate(number) for number in range(3)] if process.poll() is None else []
            code = process.poll()
    said = [line for line in proof.said("memory").split("\n") if re.search("out of memory|needs about", line)]
    proof.must(said or all(answer[0] == 200 for answer in tight), "memory: nothing is said of it")
    proof.must(all(answer[0] == 200 for answer in after), f"memory: afterwards {after}")
    proof.tell("memory", ended_by_itself=code, while_taken=[answer[0] for answer in tight],
               answers=sorted({answer[1] for answer in tight if answer[0] != 200})[:2], after=[a[0] for a in after], log=said[:2])


def mining(proof):
    storage = proof.folder / "mining"
    closed = "SELECT count(*) FROM tasks WHERE closed_at IS NOT NULL"
    passed = "SELECT count(*) FROM submissions"
    with proof.started("mining", *proof.rehearsal(storage, "--tasks", str(MANY)), published=True) as process:
        if not proof.await_true("mining: the first task", lambda: proof.number(storage, closed) > 0, process=process):
            return
        with proof.memory_taken(100):
            time.sleep(20)
            during = proof.number(storage, "SELECT count(*) FROM attempts WHERE error LIKE '%out of memory%'")
        before = proof.number(storage, passed)
        proof.await_true("mining: results afterwards", lambda: proof.number(storage, passed) >= before + 3, process=process)
        proof.await_true("mining: well afterwards", lambda: get("/health")[0] == 200, process=process)
    proof.must(process.returncode in (0, 1), f"mining: exit {process.returncode}")
    proof.tell("mining", attempts_out_of_memory=during, tasks=proof.number(storage, closed))


def scarce(proof):
    """Mining where a task runs out of memory: the next one is taken all the same, and all is well once there is room."""
    storage = proof.folder / "scarce"
    short = "SELECT count(*) FROM attempts WHERE error LIKE '%out of memory%'"
    full = "SELECT count(*) FROM attempts WHERE gaussians > 0"
    with contextlib.ExitStack() as taken:
        taken.enter_context(proof.memory_taken(4000))  # room for the weights, hardly for more
        with proof.started("scarce", *proof.rehearsal(storage, "--tasks", str(MANY)), published=True) as process:
            proof.await_true("scarce: three attempts out of memory", lambda: proof.number(storage, short) >= 3, process=process)
            during, health = proof.number(storage, full), get("/health")
            taken.close()
            proof.await_true("scarce: results afterwards", lambda: proof.number(storage, full) >= during + 3, process=process)
            proof.await_true("scarce: well afterwards", lambda: get("/health")[0] == 200, process=process)
    proof.must(process.returncode in (0, 1), f"scarce: exit {process.returncode}")
    proof.tell("scarce", attempts_out_of_memory=proof.number(storage, short), health_meanwhile=health,
               made_meanwhile=during, made_afterwards=proof.number(storage, full) - during)


def pair(proof):
    began = time.monotonic()
    words = [("rehearse", "--tasks", "12", "--storage.path", proof.folder / f"pair{number}") for number in range(2)]
    with proof.started("pair_a", *words[0]) as one, proof.started("pair_b", *words[1]) as other:
        ends = [process.wait(300) for process in (one, other)]
    proof.must(ends == [0, 0], f"pair: exits {ends}")
    proof.tell("pair", seconds=round(time.monotonic() - began, 1), exits=ends)


def kill(proof):
    environment = {**proof.environment, "MINER_TEST_BINARY": str(proof.miner), "MINER_TEST_PROJECT": str(PICTURES.parent.parent),
                   "MINER_GENERATOR_DEVICE": proof.device,  # with the embedded model, whose objects are accepted
                   "LD_LIBRARY_PATH": str(proof.miner.parent.parent / "lib")}  # the tests' own, which the package has
    began = time.monotonic()
    done = subprocess.run([proof.tests, "--filenames-as-tags", "[#kill_test]~[.]"], capture_output=True, text=True, errors="replace",
                          timeout=500, env=environment)
    (proof.out / "proof_kill.txt").write_text(done.stdout + done.stderr)
    proof.must(done.returncode == 0, f"kill: exit {done.returncode}")
    proof.tell("kill", seconds=round(time.monotonic() - began, 1), said=done.stdout.strip().split("\n")[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("miner", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--tests", type=pathlib.Path, help="e2e_tests of the same build")
    parser.add_argument("--part", action="append", choices=PARTS)
    args = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="miner-proof-"))
    proof = Proof(args, folder)
    try:
        for part in args.part or (PARTS if args.tests else PARTS[:-1]):
            print(f"== {part}, {time.strftime('%T')}", flush=True)
            globals()[part](proof)
    finally:
        with (args.out / "proof.jsonl").open("a") as lines:
            lines.write("".join(line + "\n" for line in proof.lines))
        shutil.rmtree(folder, ignore_errors=True)
    print("all was as it must be" if not proof.bad else "BAD: " + "; ".join(proof.bad))
    return 1 if proof.bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
