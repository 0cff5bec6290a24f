#!/usr/bin/env python3
"""A real HAProxy (Debian: haproxy) in front of several `miner serve` on loopback, and `miner batch` that knows its address alone.

    ops/check_balancer.py [--backend PROGRAM] [--balance leastconn|roundrobin|random(1)] MINER story|throughput

PROGRAM serves; by default MINER does, with the embedded model. Another is build/release/tests/endure_subject, whose tasks take
MINER_SUBJECT_STAGE_MS of waiting (1000 here) and no computing: how the work spreads can be told from that where three models would
share two cores. random(1) sends each connection to anyone, as kube-proxy does.

story       of three backends one is killed in the middle of a task, one is added, one is told to end in the middle of a task. Exits
            1 unless every task is made, by the same batch, and whoever was told to end has answered its last one first.
throughput  tasks a second with one, two and three backends, and what share of the time they worked."""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HAPROXY = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin")
PATIENCE = 1200  # seconds; nothing takes so long unless it hangs
CONFIG = """global
    maxconn 256
defaults
    mode http
    timeout connect 5s
    timeout client 15m
    timeout server 15m
    option redispatch
frontend miners
    bind 127.0.0.1:{front}
    default_backend serving
frontend stats
    bind 127.0.0.1:{stats}
    stats enable
    stats uri /
backend serving
    balance {balance}
    option httpchk GET /ready
    http-check expect status 200
    default-server check inter 500ms fall 1 rise 1
{servers}
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def await_that(holds, what):
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain until {what}")
        time.sleep(0.02)


class Backend:
    """One `miner serve`."""

    def __init__(self, scene, port):
        self.port, self.log = port, scene.folder / f"serve-{port}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [scene.backend, "serve", "--http.listen", f"127.0.0.1:{port}", "--storage.path", scene.folder / f"at-{port}",
                 "--log.file", "none", "--http.deadline", "600", "--run.grace", "600"],
                stdout=subprocess.DEVNULL, stderr=log, env=scene.environment())

    def at_work(self):
        return "\nminer_generate_at_work 1\n" in get(self.port, "/metrics")

    def worked(self):
        told = re.search(r"^miner_generate_duration_seconds_sum (\S+)", get(self.port, "/metrics"), re.MULTILINE)
        return float(told[1]) if told else 0

    def made(self):
        return self.log.read_text().count("generate end=made")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Scene:
    def __init__(self, options, folder, ports):
        self.backend, self.miner, self.folder = options.backend or options.miner, options.miner, folder
        self.stage_ms = options.stage_ms
        self.front, self.stats = free_ports(2)
        self.backends, self.client = [], None
        servers = "\n".join(f"    server s{port} 127.0.0.1:{port}" for port in ports)
        config = folder / "haproxy.cfg"
        config.write_text(CONFIG.format(front=self.front, stats=self.stats, balance=options.balance, servers=servers))
        self.haproxy = subprocess.Popen([HAPROXY, "-db", "-f", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def environment(self):
        return {"HOME": str(self.folder), "PATH": os.environ["PATH"], "OMP_WAIT_POLICY": "passive",
                "MINER_SUBJECT_STAGE_MS": str(self.stage_ms)}

    def add(self, port):
        self.backends.append(Backend(self, port))
        await_that(lambda: f"s{port}" in self.up(), "a backend is up")
        return self.backends[-1]

    def up(self):
        rows = [line.split(",") for line in get(self.stats, "/;csv").splitlines()]
        return {row[1] for row in rows if len(row) > 17 and row[1].startswith("s") and row[17] == "UP"}

    def sessions(self, port):
        rows = [line.split(",") for line in get(self.stats, "/;csv").splitlines()]
        return sum(int(row[4]) for row in rows if len(row) > 17 and row[1] == f"s{port}")

    def caught(self, backend):
        """Stops it in the middle of a call, and says whether it did."""
        made = backend.made()
        if not backend.at_work():
            return False
        backend.process.send_signal(signal.SIGSTOP)
        if self.sessions(backend.port) > 0 and backend.made() == made:
            return True
        backend.process.send_signal(signal.SIGCONT)
        return False

    def batch(self, count, name):
        prompts = self.folder / f"{name}.txt"
        prompts.write_text("".join(f"a red chair, number {i}\n" for i in range(count)))
        self.out, self.miner_log = self.folder / name, self.folder / f"{name}.log"
        self.said = open(self.folder / f"{name}.said", "w+")
        self.client = subprocess.Popen(
            [self.miner, "batch", prompts, "-o", self.out, "--seed", "1", "--generator.device", "none", "--generator.remote",
             f"http://127.0.0.1:{self.front}", "--gate.min_gaussians", "1", "--gate.floor", "1", "--generator.deadline", "600",
             "--storage.path", self.folder / "client", "--log.file", self.miner_log, "--log.level", "info"],
            stdout=self.said, stderr=subprocess.STDOUT, env=self.environment())
        return self.client

    def lines(self):
        manifest = self.out / "manifest.jsonl"
        return [json.loads(line) for line in manifest.read_text().splitlines()] if manifest.exists() else []

    def made(self):
        return sum(1 for line in self.lines() if line.get("file"))

    def end(self):
        if self.client:
            self.client.kill()
            self.client.wait()
        for each in self.backends:
            each.end()
        self.haproxy.terminate()
        self.haproxy.wait()


@contextlib.contextmanager
def scene_of(options, ports):
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(options, pathlib.Path(folder), ports)
        try:
            yield scene
        finally:
            scene.end()


def story(options):
    ports = free_ports(4)
    faults = []
    with scene_of(options, ports) as scene:
        killed, draining, staying = [scene.add(port) for port in ports[:3]]
        batch = scene.batch(options.tasks, "story")
        await_that(lambda: batch.poll() is not None or (scene.made() >= 2 and scene.caught(killed)), "the first is at work")
        killed.process.kill()
        killed.process.wait()
        added = scene.add(ports[3])
        await_that(lambda: batch.poll() is not None or added.made() >= 1, "the added one has made one")
        await_that(lambda: batch.poll() is not None or scene.caught(draining), "the second is at work")
        made_before = draining.made()
        draining.process.send_signal(signal.SIGTERM)
        draining.process.send_signal(signal.SIGCONT)
        drained = draining.process.wait(PATIENCE)
        code = batch.wait(PATIENCE)
        log = scene.miner_log.read_text() if scene.miner_log.exists() else ""
        made = {name: each.made() for name, each in
                (("killed", killed), ("drained", draining), ("stayed", staying), ("added", added))}
        scene.said.seek(0)
        said = scene.said.read()
        wanted = [
            (code == 0, f"the batch ended with {code}"),
            (scene.made() == options.tasks, f"{scene.made()} of {options.tasks} were made"),
            (drained == 0, f"whoever was told to end did with {drained}"),
            (draining.made() > made_before, "the task that it had then was not answered"),
            ("grace is over" not in draining.log.read_text(), "the task that it had then was given up"),
            (made["added"] >= 1 and made["stayed"] >= 1, "somebody had nothing to do"),
            (sum(made.values()) >= options.tasks, "more results than tasks that were made"),
            ("backend lost one" in log, "nothing was lost by the killed one: it was killed too late"),
            ("backend failed" not in log, "the balancer was given a mark for one backend's end"),
        ]
        faults = [why for holds, why in wanted if not holds]
        told = re.findall(r"backend (?:up|has|lost one|full|failed|down).*", log)
        print(f"{options.balance}: {options.tasks} tasks, made by {made}; ended with {code}; the client saw:")
        print("\n".join("    " + line for line in told))
        if faults:
            print(said[-2000:])
    for fault in faults:
        print(f"WRONG: {fault}")
    return 1 if faults else 0


def throughput(options):
    for count in (1, 2, 3):
        ports = free_ports(count)
        with scene_of(options, ports) as scene:
            for port in ports:
                scene.add(port)
            batch = scene.batch(options.tasks, "all")
            await_that(lambda: batch.poll() is not None or any(each.at_work() for each in scene.backends), "one is at work")
            begin = time.monotonic()
            await_that(lambda: batch.poll() is not None or scene.made() == options.tasks, "all are made")
            seconds = time.monotonic() - begin
            code = batch.wait(PATIENCE)
            made = [each.made() for each in scene.backends]
            busy = sum(each.worked() for each in scene.backends) / seconds / count
            if code != 0 or scene.made() != options.tasks:
                print(f"WRONG: the batch ended with {code}, {scene.made()} of {options.tasks} made")
                return 1
            print(f"{options.balance}: {count} backend(s): {options.tasks} tasks in {seconds:.1f} s, "
                  f"{options.tasks / seconds:.2f} a second, made by {made}, each busy for {busy:.0%} of it", flush=True)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("miner", type=lambda path: os.path.realpath(path))
    parser.add_argument("what", choices=["story", "throughput"])
    parser.add_argument("--backend", type=lambda path: os.path.realpath(path))
    parser.add_argument("--balance", default="leastconn")
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--stage-ms", type=int, default=1000)
    options = parser.parse_args()
    if not HAPROXY:
        print("left out: no haproxy here; MINER_TESTS=ON ops/setup.sh installs it")
        return 77
    return {"story": story, "throughput": throughput}[options.what](options)


if __name__ == "__main__":
    sys.exit(main())
