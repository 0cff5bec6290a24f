#!/usr/bin/env python3
"""Checks that files stand and include as designed: folders in dependency order, heavy libraries only where they
belong, no file too long.

Prints each offending line and exits 1; prints a count and exits 0 when all is well.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("config", "generator", "network", "storage", "weights", "miner", "tests")
MAY_USE = {
    "config": {"config"},
    "generator": {"config", "generator"},
    "network": {"config", "network"},
    "storage": {"config", "storage"},
    "weights": {"config", "network", "weights"},
    "miner": {"config", "generator", "network", "storage", "weights", "miner"},
    "tests": set(FOLDERS),
}
# (pattern of the included header, files that may include it, why)
ONLY_IN = (
    (r"(ATen|torch|c10|cuda)[/_.]", r"(generator|tests/generator|tests/gpu|tests/bench)/|tests/support/catch\.hpp", "torch lives inside the generator"),
    (r"(sqlite3|SQLiteCpp)", r"(storage/[^/]*\.cpp|tests/storage/|tests/bench/)", "SQL lives inside storage/*.cpp"),
    (r"boost/beast", r"(network/http/|network/asio\.cpp|network/simulator/faulty_server\.cpp|tests/(network|fuzz)/)",
     "Beast lives in network/http, and in the server that plays broken peers"),
    (r"catch2/", r"tests/support/(catch\.hpp|main\.cpp)", "tests include tests/support/catch.hpp, which knows Catch2 2 and 3"),
    (r"boost/asio", r"(network|weights|miner|tests)/", "only network, weights and miner know Asio"),
)
# Private headers of the generator that show torch to others; everyone outside sees the rest.
PUBLIC_GENERATOR = re.compile(r"generator/(about|asset|bench|errc|generator|gpu|memory_need|network_library|score/(embedded_)?scorer|trellis/(cuda_build|trellis))\.hpp$|generator/(image|render|splat|text)/")

# What exists only to simulate is for the rehearsal and for tests.
SIMULATOR_USERS = re.compile(r"network/simulator/|miner/rehearsal/|miner/cli/commands/rehearse\.cpp$|tests/")
# The folders of miner/ in their order: each may use those before it. "": miner/ itself, but for main, which comes last.
MINER_ORDER = ("runtime", "report", "terminal", "generation", "mining", "server", "rehearsal", "check", "", "batch", "cli",
               "cli/commands", "main")
MINER_TOP = {"main", "app", "serve", "host"}
LONGEST = 450  # lines of a source file


def miner_folder(path):
    """Of a file in miner/: its folder as MINER_ORDER names it."""
    if path == "miner/main.cpp":
        return "main"
    return "/".join(path.split("/")[1:-1])


def order_offences(relative, name, number):
    here, there = miner_folder(relative), miner_folder(name)
    for each in (here, there):
        if each not in MINER_ORDER:
            yield f"{relative}:{number}: miner/{each} is no folder of MINER_ORDER"
            return
    if MINER_ORDER.index(there) > MINER_ORDER.index(here):
        yield f"{relative}:{number}: miner/{here} may not include {name}: it comes later in MINER_ORDER"


def place_offences(path):
    """Where a file stands and how long it is."""
    relative = path.relative_to(ROOT).as_posix()
    parts = relative.split("/")
    if parts[0] == "miner" and len(parts) == 2 and path.stem not in MINER_TOP:
        yield f"{relative}: at the top of miner/ stand only {', '.join(sorted(MINER_TOP))}"
    if parts[0] == "tests" and parts[1] in FOLDERS and not (ROOT / "/".join(parts[1:-1])).is_dir():
        yield f"{relative}: tests mirror the sources, and there is no folder {'/'.join(parts[1:-1])}"
    lines = path.read_text(encoding="utf-8").count("\n")
    if lines > LONGEST:
        yield f"{relative}: {lines} lines, more than {LONGEST}"


def offences(path):
    relative = path.relative_to(ROOT).as_posix()
    folder = relative.split("/")[0]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        name = match[2]
        if match[1] == '"':
            target = name.split("/")[0]
            if "/" in name and target in FOLDERS and target not in MAY_USE[folder]:
                yield f"{relative}:{number}: {folder} may not include {name}"
            if folder == "miner" and target == "generator" and not PUBLIC_GENERATOR.match(name):
                yield f"{relative}:{number}: {name} is private to the generator"
            if name.startswith("network/simulator/") and not SIMULATOR_USERS.match(relative):
                yield f"{relative}:{number}: only the rehearsal and tests may include {name}"
            if folder == "miner" and target == "miner":
                yield from order_offences(relative, name, number)
            if ".." in name:
                yield f"{relative}:{number}: include from the root, not through '..': {name}"
        else:
            for pattern, allowed, why in ONLY_IN:
                if re.match(pattern, name) and not re.match(allowed, relative):
                    yield f"{relative}:{number}: <{name}>: {why}"


def main():
    files = [p for f in FOLDERS for p in (ROOT / f).rglob("*") if p.suffix in (".cpp", ".hpp", ".cu", ".cuh")]
    found = [o for p in sorted(files) for o in (*offences(p), *place_offences(p))]
    print("\n".join(found) if found else f"{len(files)} files, includes in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
