#!/usr/bin/env python3
"""Looks at a working miner from outside: documented calls, metrics, interface, page, crowd.

    ops/check_status_page.py BINARY OUT [PART ...]     parts: docs metrics schema scenes page load; all when none is named

Starts `miner rehearse` and `miner serve` on the ports that the documentation names (8080, 10006), with folders of their
own; `scenes` alone, the page in every state that it may be in, needs no miner. For a hand at the keyboard: CI has neither
browser nor minutes for it. A part whose tool is missing is named and left out: promtool (Debian: prometheus), st (PyPI:
schemathesis), chromium with PyPI's playwright and axe-playwright-python. Screenshots go to OUT: look at them. Exits 1 when
anything was wrong.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "ops/status_page"))
import page  # noqa: E402

PAGE, WORK = "http://127.0.0.1:8080", "http://127.0.0.1:10006"


class Miner:
    """A process of the program under test, until the `with` block ends."""

    def __init__(self, binary, url, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.log = open(pathlib.Path(self.folder.name) / "out", "w")
        self.process = subprocess.Popen(
            [binary, *arguments, "--http.listen", url.removeprefix("http://"), "--storage.path", self.folder.name],
            stdout=self.log, stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.nice(10))  # a browser that draws on a busy CPU must get somewhere
        self.url = url

    def __enter__(self):
        for _ in range(600):
            if self.process.poll() is not None:
                raise SystemExit(f"the miner ended by itself: {open(self.log.name).read()[-2000:]}")
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(self.url + "/ready", timeout=5).status == 200:
                    return self
            time.sleep(0.2)
        raise SystemExit("the miner is not ready after two minutes")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def settled(self, count, limit=300):
        """Waits until so many tasks are done."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            text = urllib.request.urlopen(self.url + "/api/now", timeout=10).read().decode()
            if int(re.search(r'"settled":(\d+)', text)[1]) >= count:
                return
            time.sleep(1)
        raise SystemExit(f"no {count} tasks in {limit} s")


def left_out(what, tool):
    print(f"left out: {what} (no {tool})")
    return True


def check_docs(*_):
    """Every curl line of the pages, as printed, in a folder with a chair.png."""
    good = True
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sorted((ROOT / "ops/rehearsal").glob("*.png"))[0], pathlib.Path(folder) / "chair.png")
        for page in ("http.md", "operations.md"):
            for line in (ROOT / "ops/docs" / page).read_text().splitlines():
                if not line.startswith("curl ") or "127.0.0.1" not in line:
                    continue
                done = subprocess.run(["bash", "-o", "pipefail", "-c", line.replace("curl ", "curl -f ", 1)], cwd=folder,
                                      capture_output=True, timeout=300)
                # curl says 28 when the time that the line itself gives is over.
                right = done.returncode == 0 or (done.returncode == 28 and "--max-time" in line)
                made = re.search(r" -o (\S+)", line)
                right = right and (bool(done.stdout) or made and (pathlib.Path(folder) / made[1]).stat().st_size > 0)
                print(f"{'ok' if right else 'WRONG'}: {line}" + ("" if right else f"\n  {done.returncode} {done.stderr!r}"))
                good = good and bool(right)
    return good


def check_metrics(*_):
    if not shutil.which("promtool"):
        return left_out("metrics", "promtool")
    good = True
    for url in (PAGE, WORK):
        text = urllib.request.urlopen(url + "/metrics", timeout=10).read()
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        print(f"{'ok' if done.returncode == 0 else 'WRONG'}: metrics of {url} {(done.stdout + done.stderr).decode()}")
        good = good and done.returncode == 0
    return good


def check_schema(*_):
    if not shutil.which("st"):
        return left_out("interface", "st")
    good = True
    # The stream of events never ends. Of the calls that work each takes a structure, and a picture that is one may still be
    # too sparse (422), which is no refusal of a valid form.
    for url, options in ((PAGE, ["--max-examples", "30", "--exclude-path", "/api/events", "--exclude-path", "/generate"]),
                         (WORK, ["--max-examples", "8", "--include-path", "/generate", "--request-timeout", "120",
                                 "--exclude-checks", "positive_data_acceptance"])):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["st", "run", url + "/api/openapi.json", "--url", url, *options], cwd=folder)
        good = good and done.returncode == 0
    return good


def check_scenes(out, _):
    return page.check(out) is not False


def check_page(out, _):
    return page.check(out, PAGE) is not False


def check_load(_, miners):
    """Times where every core generates; memory where nothing else changes it, by the bounds that http.md states."""
    bench = [sys.executable, ROOT / "ops/bench/server.py"]
    mining, serving = miners
    times = subprocess.run([*bench, PAGE.removeprefix("http://"), "--pid", str(mining.process.pid)])
    mining.process.send_signal(signal.SIGSTOP)
    weights = [subprocess.run([*bench, WORK.removeprefix("http://"), "--seconds", "10", "--pid", str(serving.process.pid), *more])
               for more in (["--most-mb", "24"], ["--uploads", "40", "--most-mb", "64"])]
    mining.process.send_signal(signal.SIGCONT)
    return all(done.returncode == 0 for done in (times, *weights))


PARTS = {"docs": check_docs, "metrics": check_metrics, "schema": check_schema, "scenes": check_scenes,
         "page": check_page, "load": check_load}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    binary = options.binary.resolve()
    parts, wrong = options.parts or list(PARTS), []

    def check(part, miners=None):
        print(f"== {part}", flush=True)
        if not PARTS[part](options.out, miners):
            wrong.append(part)

    if "scenes" in parts:
        check("scenes")
        parts.remove("scenes")
    if parts:
        with Miner(binary, PAGE, "rehearse", "--tasks", "5000") as mining, Miner(binary, WORK, "serve") as serving:
            mining.settled(6)
            for part in parts:
                check(part, (mining, serving))
    print("wrong: " + ", ".join(wrong) if wrong else "all well")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
