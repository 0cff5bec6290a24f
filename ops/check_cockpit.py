#!/usr/bin/env python3
"""Looks at a working miner from outside: documented calls, metrics, interface, page, crowd.

    ops/check_cockpit.py BINARY OUT [PART ...]     parts: docs metrics schema page load; all when none is named

Starts `miner rehearse` and `miner serve` on the ports that the documentation names (8080, 10006), with folders of their
own. For a hand at the keyboard: CI has neither browser nor minutes for it. A part whose tool is missing is named and left
out: promtool (Debian: prometheus), st (PyPI: schemathesis), chromium with PyPI's playwright. Screenshots go to OUT. Exits 1
when anything was wrong.
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
PAGE, WORK = "http://127.0.0.1:8080", "http://127.0.0.1:10006"
DRIVER = re.compile(r"^\[\.WebGL.*GL Driver Message .*Performance")  # of taking the picture of a WebGL canvas
VIEWS = {"desktop": (1280, 900), "phone": (390, 844)}


class Miner:
    """A process of the program under test, until the `with` block ends."""

    def __init__(self, binary, url, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.log = open(pathlib.Path(self.folder.name) / "out", "w")
        self.process = subprocess.Popen(
            [binary, *arguments, "--http.listen", url.removeprefix("http://"), "--storage.path", self.folder.name],
            stdout=self.log, stderr=subprocess.STDOUT, env={**os.environ, "OMP_WAIT_POLICY": "passive"},
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


def check_page(out, _):
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return left_out("page", "playwright")
    browser_path = shutil.which("chromium")
    if not browser_path:
        return left_out("page", "chromium")
    faults = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--enable-unsafe-swiftshader"])
        for name, (width, height) in VIEWS.items():
            for scheme in ("light", "dark"):
                view = f"{name}-{scheme}"
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.set_default_timeout(60_000)
                page.on("console", lambda m, v=view: faults.append(f"{v}: console: {m.text}")
                        if m.type in ("error", "warning") and not DRIVER.search(m.text) else None)
                page.on("pageerror", lambda e, v=view: faults.append(f"{v}: {e}"))
                page.on("request", lambda r, v=view: None if r.url.startswith(PAGE + "/") or r.url.startswith("data:")
                        else faults.append(f"{v}: asked for {r.url}"))
                look(page, out, view, faults)
                print(f"looked at: {view}", flush=True)
                page.close()
        browser.close()
    for fault in faults:
        print("WRONG:", fault)
    print(f"{'ok' if not faults else 'WRONG'}: page, screenshots in {out}")
    return not faults


def look(page, out, view, faults):
    """The whole page, then a result, by keyboard alone."""
    page.goto(PAGE + "/")
    page.wait_for_selector("#gallery li")
    # The policy of the page lets nobody evaluate text, so there is nothing to wait for but time.
    page.wait_for_timeout(6000)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        faults.append(f"{view}: {wide} pixels wider than the window")
    page.screenshot(path=out / f"{view}-top.png")
    # Pictures come when they are looked at.
    for _ in range(12):
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(700)
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=out / f"{view}-whole.png", full_page=True)
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.className") != "skip":
        faults.append(f"{view}: the first Tab does not lead past the head")
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.querySelector('img')"):
            break
    else:
        faults.append(f"{view}: no Tab reaches a result in the gallery")
        return
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    if outline == "none":
        faults.append(f"{view}: the focus cannot be seen")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail[open] #story dl")
    page.wait_for_timeout(2500)
    page.screenshot(path=out / f"{view}-detail.png")
    page.focus("#viewer")
    for key in ("ArrowLeft",) * 6 + ("ArrowUp",) * 3 + ("+",) * 3:
        page.keyboard.press(key)
    page.wait_for_timeout(1500)
    page.screenshot(path=out / f"{view}-turned.png")
    page.keyboard.press("Escape")
    if page.evaluate("document.getElementById('detail').open"):
        faults.append(f"{view}: Escape does not close the result")
    if not page.evaluate("!!document.activeElement.closest('#gallery')"):
        faults.append(f"{view}: the focus is lost when the result is closed")


def check_load(_, rehearsal):
    return subprocess.run([sys.executable, ROOT / "ops/bench/http.py", "127.0.0.1:8080",
                           "--pid", str(rehearsal.process.pid)]).returncode == 0


PARTS = {"docs": check_docs, "metrics": check_metrics, "schema": check_schema, "page": check_page, "load": check_load}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    binary = options.binary.resolve()
    wrong = []
    with Miner(binary, PAGE, "rehearse", "--tasks", "500") as rehearsal, Miner(binary, WORK, "serve"):
        rehearsal.settled(6)
        for part in options.parts or PARTS:
            print(f"== {part}", flush=True)
            if not PARTS[part](options.out, rehearsal):
                wrong.append(part)
    print("wrong: " + ", ".join(wrong) if wrong else "all well")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
