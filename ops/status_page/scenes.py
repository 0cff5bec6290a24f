"""Miners that are not there: the page as it stands in the tree, and answers made up for each state that an operator may meet.

A real miner is seldom in trouble when one wants to look. Each scene is served on a port of its own, on loopback.
"""
import contextlib
import http.server
import json
import math
import pathlib
import random
import re
import struct
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "miner/server/page"
CHART = pathlib.Path("/usr/share/javascript/chart.js/chart.min.js")
PICTURES = sorted((ROOT / "ops/rehearsal").glob("*.png"))
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
HOTKEYS = ["5EviPeQ7mwKSLfKfQtC2MRCTLaopMxRQyQwLGGs1AYxXWPNA", "5FRHeCU7n1pE1jXv3Y93uj1NDSv9hTeVRfk3MQw2buHzbsRS",
           "5CA3Tpx53XwjEGR4dzg8MLosSzJJMtukqYZYL3vTpNqEbCUW"]
VALIDATORS = ["5DtYo2JP2rv6za3eGat355ADuDqvGijwF3NdTDdw88K9276X", "5FQyUXCvZzVfCzLETP5TYbz7xDGgB5Yigx8jSPNqPic2ivNU",
              "5EqsZVFXcdhUisJyWntvxNxdMdWbVFtnpyA7gixzLHeyXKtm"]
LONG = "cannot reach https://validator.example.org:8091/" + "a_very_long_path_that_nobody_can_break" * 4 + ": connection refused"
ALWAYS = 1 << 30
LOG = ["2026-11-27 20:01:57.896 INFO  pulled task=73b39a01 kind=text validator=5DtYo2…9276X known=false",
       "2026-11-27 20:02:05.104 WARN  pull failed validator=5FQyUX…2ivNU error=\"" + LONG + "\"",
       "2026-11-27 20:02:05.512 ERROR not submitted task=73b39a01 error=\"<img src=x onerror=alert(1)>\""]


def picture_of(task):
    return PICTURES[task % len(PICTURES)].read_bytes()


def ball(number=6000):
    """32 bytes a Gaussian, as /api/tasks/ID/splats.bin has them: a ball in all colours."""
    dice, out = random.Random(1), bytearray()
    for _ in range(number):
        z, turn = dice.uniform(-1, 1), dice.uniform(0, 2 * math.pi)
        r = math.sqrt(1 - z * z)
        x, y = r * math.cos(turn), r * math.sin(turn)
        rgb = [int(127.5 + 127.5 * v) for v in (x, y, z)]
        out += struct.pack("<6f8B", x / 2, y / 2, z / 2, .02, .02, .02, *rgb, 240, 255, 128, 128, 128)
    return bytes(out)


def tasks_of(number, over_s, last_s_ago, hotkeys, score=None, quality=(14, 2)):
    """So many tasks within so many seconds, newest first; `score` beats the dice, which are loaded with `quality`."""
    dice, now = random.Random(7), time.time() * 1000
    tasks = []
    for i in range(number):
        outcome = dice.choices(["passed", "retry_passed", "retry_improved", "rejected", "error", "skipped"], [70, 12, 5, 8, 2, 3])[0]
        pulled = now - last_s_ago * 1000 - over_s * 1000 * (number - 1 - i) / max(number - 1, 1) - 20_000
        made = outcome in ("passed", "retry_passed", "retry_improved")
        size = dice.randrange(150_000, 900_000) if outcome in ("passed", "retry_passed") else dice.randrange(8_000, 150_000)
        judged = made or outcome == "rejected"
        mark = (score if score is not None else round(dice.betavariate(*quality), 3)) if made else 0.0
        tasks.append({
            "id": i + 1, "task_id": f"{dice.getrandbits(64):016x}", "hotkey": dice.choice(hotkeys),
            "validator": VALIDATORS[i % 3], "kind": "image" if i % 3 == 0 else "text", "state": "answered" if judged else "dropped",
            "outcome": outcome, "pulled_at": pulled, "finished_at": pulled + 15_000, "closed_at": pulled + 20_000,
            "attempts": 0 if outcome == "skipped" else 1 if outcome in ("passed", "error") else 2,
            "first_gaussians": None if outcome in ("error", "skipped") else size, "gaussians": size if made else None,
            "has_result": made, "bytes": size * 10 if made else 0,
            "detail": "cannot be decoded: a page of HTML; PNG, JPEG, WebP, GIF, BMP and TIFF are accepted" if outcome == "error" else "",
            "validation_failed": False, "score": mark if made else None, "average": mark if judged else None,
            "reward": 12.5 if judged else None, "threshold": 0.6, "chosen": (2 if outcome.startswith("retry") else 1) if made else None,
            "withheld": None, "predicted": None})
    return tasks[::-1]


def open_task(row, stage_of_it, hotkey, state="open"):
    return {"id": row, "task_id": "0123456789abcdef", "hotkey": hotkey, "validator": VALIDATORS[0], "kind": "image", "state": state,
            "outcome": None if state == "open" else "passed", "pulled_at": time.time() * 1000 - 12_000, "finished_at": None,
            "closed_at": None, "attempts": 1 if stage_of_it != "decode" else 0, "first_gaussians": 96_512 if stage_of_it != "decode" else None,
            "gaussians": 201_000 if state == "submitting" else None, "has_result": state == "submitting",
            "bytes": 2_010_000 if state == "submitting" else 0, "detail": "", "validation_failed": False, "score": None,
            "average": None, "reward": None, "threshold": 0.6, "chosen": 1 if state == "submitting" else None, "withheld": None,
            "predicted": None}


SCORER = "validator-scorer on cuda:0, \x1b[2Jfp16\u202e"


def parts_of(total, dice):
    """Parts of a predicted score, as /api/predictions and the attempts of a task have them."""
    return {"iqa": min(1, max(0, total + dice.uniform(-.05, .05))), "alignment": min(1.1, total + .1), "ssim": dice.uniform(.88, .96), "lpips": None}


def predict(tasks, bias=0.0, error=0.03):
    """Predicted scores of decided tasks, as /api/predictions has them; of the rejected ones half were withheld."""
    dice, predictions = random.Random(5), []
    for task in tasks:
        if task["outcome"] in ("error", "skipped") or task["state"] == "open":
            continue
        sent, refused = task["score"] is not None, task["score"] is not None and task["score"] < 0.6
        if not sent:
            if dice.random() < .5:
                continue
            task["withheld"] = 2
        if refused:
            task["score"] = 0.0
        predicted = (dice.uniform(.45, .66) if refused else task["score"] - bias + dice.gauss(0, error)) if sent else dice.uniform(.3, .62)
        task["predicted"] = round(predicted, 4)
        predictions.append({"task": task["id"], "task_id": task["task_id"], "hotkey": task["hotkey"], "validator": task["validator"],
                            "kind": task["kind"], "at": task["closed_at"], "predicted": task["predicted"] if len(predictions) != 3 else None,
                            "parts": parts_of(predicted, dice), "left_out": ["lpips"], "scorer": SCORER, "threshold": 0.6,
                            "end": "withheld" if not sent else "refused" if refused else "accepted" if dice.random() < .98 else "waiting",
                            "received": task["score"] if sent and not refused else None})
    return predictions


def grouped(predictions, states):
    """As /api/predictions answers."""
    kinds = []
    for kind in sorted({p["kind"] for p in predictions}):
        scores = [p for p in predictions if p["kind"] == kind]
        pairs = sum(p["end"] == "accepted" for p in scores)
        judged = sum(p["end"] in ("accepted", "refused") for p in scores)
        kinds.append({"kind": kind, "scores": scores[:500], "sides": {"right": judged - judged // 20, "judged": judged},
                      "calibration": {"state": states.get(kind, "calibrated"), "why": "shift" if states.get(kind) == "broken" else None, "pairs": pairs, "least_pairs": 20, "offset": -0.0123 if kind not in states else None,
                                      "error": 0.031, "since": time.time() * 1000 - 86_400_000}})
    return {"kinds": kinds}


def counts(tasks, name=None):
    """As storage/report counts (ops/docs/numbers.md)."""
    of = lambda *outcomes: sum(t["outcome"] in outcomes for t in tasks if t["state"] != "open")
    scores = sorted(t["score"] for t in tasks if t["score"] is not None)
    generations, passed = of("passed", "retry_passed", "retry_improved", "rejected", "error"), of("passed", "retry_passed")
    row = {"generations": generations, "passed_at_once": of("passed"),
           "sparse_first": of("retry_passed", "retry_improved", "rejected"), "retries": of("retry_passed", "retry_improved", "rejected"),
           "retry_passed": of("retry_passed"), "retry_improved": of("retry_improved"), "rejected": of("rejected"),
           "errors": of("error"), "skipped": of("skipped"), "success_rate": passed / generations if generations else None,
           "submissions": len(scores), "accepted": sum(s > 0 for s in scores), "zero_scores": sum(s == 0 for s in scores), "not_scored": 0,
           "mean_score": sum(scores) / len(scores) if scores else None, "median_score": scores[len(scores) // 2] if scores else None,
           "last_accepted": max((t["closed_at"] for t in tasks if t["score"]), default=None), "reward": 37.5 if scores else None}
    withheld = sum(t["withheld"] is not None for t in tasks)
    if withheld:  # told where scores were predicted
        row |= {"withheld": withheld, "candidates": 3 * withheld}
    return row if name is None else {"name": name, **row}


class Scene:
    """What a miner in some state answers. `word` is what its page must say of it, in `tone`."""

    def __init__(self, name, word, tone, tasks=(), at_hand=(), backends=1, hotkeys=1, phase="running", reason="", broken=(),
                 silent=False, cut_off=False, refusals=(), scored_by=None, predictions=(), states=()):
        self.name, self.word, self.tone, self.broken, self.silent = name, word, tone, broken, silent
        self.cut_off = cut_off  # the way to it will break and be mended
        self.refusals = dict(refusals)  # by path: the status, and how often before what is there comes
        self.predictions, self.states = list(predictions), dict(states)
        self.hotkeys = HOTKEYS[:hotkeys]
        newest = max([t["id"] for t in tasks], default=0)
        made = [open_task(newest + 1 + i, stage, self.hotkeys[0], "submitting" if stage == "submit" else "open")
                for i, stage in enumerate(at_hand)]
        self.tasks = made[::-1] + list(tasks)
        self.now = {
            "phase": phase, "status": "unhealthy" if reason or phase != "running" else "healthy", "reason": reason, "version": "0.1.0",
            "uptime_s": 12_345.0, "settled": len(tasks), "scored_by": scored_by,
            "model": None if phase == "loading" else {"name": "microsoft/TRELLIS-image-large", "device": "cuda:0", "dtype": "fp16",
                                                      "parameters": 1_100_000_000, "takes_pictures": True, "takes_prompts": False},
            "backends": [{"name": n, "able": "gpu9" not in n, "load": i % 2, "places": 12 if "balancer" in n else 1} for i, n in enumerate(
                ["cuda:0", "cuda:1", "http://balancer.example.org:10006", "http://gpu9.example.org:10006"][:backends])],
            "chain": {"block": 4_512_345, "age_s": 4.2},
            "tasks": [{"row": t["id"], "task_id": t["task_id"], "kind": t["kind"], "validator": t["validator"], "stage": stage, "stage_s": 3.0,
                       "age_s": 12.0, "attempt": 2 if t["attempts"] else 1, "gaussians": t["first_gaussians"]}
                      for t, stage in zip(made, at_hand)]}

    def stats(self, since):
        tasks = [t for t in self.tasks if t["pulled_at"] >= since]
        stage = lambda name, ms: {"stage": name, "count": len(tasks), "p50_ms": ms, "p90_ms": 1.4 * ms, "p99_ms": 2.2 * ms, "total_ms": 1.1 * ms * len(tasks)}
        groups = lambda key: [counts([t for t in tasks if t[key] == name], name) for name in sorted({t[key] for t in tasks})]
        pairs = sorted({(t["hotkey"], t["validator"]) for t in self.tasks})
        by_pair = [{"hotkey": h, "validator": v, **counts([t for t in tasks if (t["hotkey"], t["validator"]) == (h, v)])} for h, v in pairs]
        return {"statistics": {"all": counts(tasks), "by_validator": groups("validator"), "by_hotkey": groups("hotkey"), "by_pair": by_pair,
                               "stages": [stage(n, ms) for n, ms in (("prepare", 12.0), ("encode", 30.0), ("structure", 4100.0), ("occupancy", 90.0),
                                                                     ("latent", 5200.0), ("gaussians", 150.0), ("submit", 900.0))] if tasks else []},
                "validators": [{"hotkey": h, "validator": v, "calls": 400 + i, "failures": 3 * (i % 2), "last_call": time.time() * 1000 - 9000 * i,
                                "last_failure": None, "last_error": LONG if i % 2 else "", "cooldown_until": time.time() + (160 if i == 0 else 0)}
                               for i, (h, v) in enumerate(pairs)],
                "gate": 150_000}

    def story(self, task):
        tried = [{"attempt": n + 1, "chain": ("standard", "extreme")[n % 2], "seed": "7", "voxels": 4000 + n, "gaussians": 128_000 * (n + 1),
                  "outcome": "sparse" if n == 0 and task["attempts"] > 1 else "passed", "error": "", "superseded": False, "at": 0,
                  "splats": n + 1 == task["chosen"], "candidate": False, "prediction": None,
                  "ms": {"prepare": 12.0, "encode": 30.0, "structure": 4100.0, "occupancy": 90.0, "latent": 5200.0, "gaussians": 150.0, "compress": 200.0},
                  "health": {"invisible": 0.002, "opacity_mean": 0.81, "opacity_spread": 0.0037, "non_finite": 0.0, "identity_rotations": 0.0, "extent": 0.93}}
                 for n in range(task["attempts"])]
        if task["state"] == "open":  # begun anew, as after a restart
            tried = [{**attempt, "superseded": True, "splats": False} for attempt in tried] + tried
        predicted = next((p for p in self.predictions if p["task"] == task["id"]), None)
        if predicted:  # the one that was sent or withheld, and what it was better than
            dice = random.Random(task["id"])
            tried += [{**tried[0], "attempt": n, "candidate": True, "outcome": "passed"} for n in range(len(tried) + 1, 5)]
            for attempt in tried:
                attempt["splats"] = attempt["attempt"] != 1  # which was too sparse for any
                own = attempt["attempt"] == (task["chosen"] or task["withheld"])
                total = predicted["predicted"] if own else max(0, (predicted["predicted"] or .5) - dice.uniform(0, .2))
                attempt["prediction"] = {"total": total, "parts": parts_of(total or .5, dice), "left_out": ["lpips"], "scorer": SCORER, "ms": 38.5}
        sent = [{"number": 1, "status": "answered", "detail": "", "bytes": task["bytes"], "sent_at": 0, "ended_at": 900, "score": task["score"]}]
        return {**task, "attempts": tried, "submissions": sent if task["score"] is not None else []}

    def listing(self, asked):
        end = lambda t: "withheld" if t["outcome"] == "rejected" and t["withheld"] else t["outcome"]
        tasks = [t for t in self.tasks if t["id"] < int(asked.get("before", 1 << 53)) and asked.get("outcome", end(t)) == end(t)
                 and asked.get("validator", t["validator"]) == t["validator"]
                 and ("below" not in asked or t["score"] is not None and t["score"] < float(asked["below"]))]
        limit = int(asked.get("limit", 50))
        return {"tasks": tasks[:limit], "next": tasks[limit - 1]["id"] if len(tasks) > limit else None}

    def answer(self, target):
        """Status, type and bytes."""
        path, _, query = target.partition("?")
        say = lambda value: (200, "application/json", json.dumps(value).encode())
        if path in self.broken:
            return 503, "text/plain", b"the database is busy"
        if path == "/" or path.startswith("/page/"):
            name = path.removeprefix("/page/") if path != "/" else "index.html"
            file = CHART if name == CHART.name else PAGE / name
            return (200, TYPES[file.suffix], file.read_bytes()) if file.is_file() else (404, "text/plain", b"")
        if path == "/api/stats":
            return say(self.stats(int(dict(urllib.parse.parse_qsl(query)).get("since", 0))))
        if path == "/api/predictions":
            return say(grouped(self.predictions, self.states))
        if path == "/api/tasks":
            return say(self.listing(dict(urllib.parse.parse_qsl(query))))
        found = re.fullmatch(r"/api/tasks/(\d+)(?:/(.*))?", path)
        task = found and next((t for t in self.tasks if t["id"] == int(found[1])), None)
        if not task:
            return 404, "text/plain", b""
        if not found[2]:
            return say(self.story(task))
        if found[2] == "input":
            return (200, "image/png", picture_of(task["id"])) if task["kind"] == "image" else (200, "text/plain", "a wooden chair with a <b>red</b> cushion".encode())
        if found[2] == "preview.png" and task["has_result"]:
            return 200, "image/png", picture_of(task["id"] + 3)
        if found[2] == "splats.bin" and (task["has_result"] or query):
            return 200, "application/octet-stream", ball(600 * int(dict(urllib.parse.parse_qsl(query)).get("attempt", 10)))
        return 404, "text/plain", b""


def scenes():
    day = tasks_of(1000, 3 * 86400, 40, HOTKEYS[:1])
    few = tasks_of(9, 300, 30, HOTKEYS[:1])
    pictures = [f"/api/tasks/{t['id']}/preview.png" for t in few if t["has_result"]]
    scored = tasks_of(400, 86400, 40, HOTKEYS[:1], quality=(9, 3))
    strange = tasks_of(90, 86400, 40, HOTKEYS[:1])
    return [
        Scene("earning", "earning", "good", day, ["structure", "submit"]),
        Scene("hotkeys", "earning", "good", tasks_of(300, 86400, 60, HOTKEYS), ["decode", "splats", "remote"], backends=4, hotkeys=3),
        Scene("rehearsal", "earning", "good", few, ["structure"],
              scored_by="Scores are the rehearsal's stand-in for a validator's; a prompt's is density alone."),
        Scene("first-results", "earning", "good", few, ["structure"]),
        Scene("predicted", "earning", "good", scored, ["score"], predictions=predict(scored, bias=-0.0123)),
        Scene("predictions-broken", "earning", "good", strange, predictions=predict(strange, bias=0.12, error=0.07),
              states={"image": "gathering", "text": "broken"}),
        Scene("empty", "ready", "wait"),
        Scene("first-task", "at work", "wait", (), ["decode"]),
        Scene("loading", "loading", "wait", phase="loading", reason="loading the model"),
        Scene("unregistered", "not earning", "bad", few,
              reason=f"no hotkey of ours is registered on subnet 17: register {HOTKEYS[0]} with btcli subnet register --netuid 17"),
        Scene("stalled", "not earning", "bad", few, ["structure"], reason="stalled: a task is in stage structure for 612 s"),
        Scene("unreached", "not earning", "bad", few, reason=f"no validator was reached for 17 min: {LONG}"),
        Scene("zero-scores", "not earning", "bad", tasks_of(40, 3000, 60, HOTKEYS[:1], score=0.0), ["structure"]),
        Scene("dry-hour", "earns little", "warn", tasks_of(60, 86400, 5400, HOTKEYS[:1])),
        Scene("dry-day", "earns nothing just now", "warn", tasks_of(60, 86400, 30_000, HOTKEYS[:1])),
        Scene("stopping", "stopping", "warn", few, ["submit"], phase="draining", reason="stopping: the task at hand is finished, no other is begun"),
        Scene("no-statistics", "ready", "wait", few, broken=("/api/stats",)),
        Scene("gone", "not reached", "bad", few, silent=True),
        Scene("cut-off", "earning", "good", few, ["structure"], cut_off=True),
        Scene("busy", "earning", "good", few, refusals={
            pictures[0]: (503, 3), pictures[1]: (404, ALWAYS), pictures[2]: (503, ALWAYS),
            **{f"/api/tasks/{t['id']}/input": (503, ALWAYS) for t in few}}),
    ]


class Stage:
    """A scene on a port of its own, until the `with` block ends. While `cut` is set nothing comes from it, and nothing ends."""

    def __init__(self, scene):
        stage = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if stage.cut.is_set():
                    return stage.over.wait()
                if self.path == "/api/events":
                    return self.events()
                status, kind, content = stage.refusal(self.path) or scene.answer(self.path)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                if kind == "text/html":  # as the real one has it, so that what it forbids is seen here, too
                    self.send_header("content-security-policy", policy())
                self.end_headers()
                if self.command == "HEAD":
                    return
                with contextlib.suppress(BrokenPipeError):  # a page that is loaded anew waits for nothing
                    self.wfile.write(content)

            do_HEAD = do_GET

            def events(self):
                if scene.silent:
                    return self.send_error(503)
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # the page is closed
                    self.tell("log", LOG)
                    while not stage.cut.is_set():
                        self.tell("now", scene.now)
                        if stage.over.wait(5):
                            return
                stage.over.wait()

            def tell(self, name, value):
                self.wfile.write(f"event: {name}\ndata: {json.dumps(value)}\n\n".encode())

            def log_message(self, *_):
                pass

        self.over, self.cut = threading.Event(), threading.Event()
        self.refusals, self.lock = dict(scene.refusals), threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def refusal(self, path):
        """As Scene.answer(); None: it is answered."""
        with self.lock:
            status, times = self.refusals.get(path, (0, 0))
            if not times:
                return None
            self.refusals[path] = status, times - 1
        return status, "text/plain", b"refused"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


def policy():
    """The page's Content-Security-Policy, from where the miner has it."""
    text = (ROOT / "miner/server/routes.cpp").read_text()
    literals = re.search(r"kPolicy =\s*((?:\"[^\"]*\"\s*)+);", text)[1]
    return "".join(re.findall(r'"([^"]*)"', literals))
