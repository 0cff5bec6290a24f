#!/usr/bin/env python3
"""Checks that includes follow the design: folders in dependency order, heavy libraries only where they belong.

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
    (r"(ATen|torch|c10|cuda)[/_.]", r"(generator|tests/generator|tests/gpu|tests/bench)/", "torch lives inside the generator"),
    (r"(sqlite3|SQLiteCpp)", r"(storage/[^/]*\.cpp|tests/storage/|tests/bench/)", "SQL lives inside storage/*.cpp"),
    (r"boost/beast", r"(network/http/|network/asio\.cpp|tests/network/)", "Beast lives in network/http"),
    (r"boost/asio", r"(network|weights|miner|tests)/", "only network, weights and miner know Asio"),
)
# Private headers of the generator that show torch to others; everyone outside sees the rest.
PUBLIC_GENERATOR = re.compile(r"generator/(asset|bench|errc|generator|trellis/trellis)\.hpp$|generator/(image|render|splat|text)/")


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
            if ".." in name:
                yield f"{relative}:{number}: include from the root, not through '..': {name}"
        else:
            for pattern, allowed, why in ONLY_IN:
                if re.match(pattern, name) and not re.match(allowed, relative):
                    yield f"{relative}:{number}: <{name}>: {why}"


def main():
    files = [p for f in FOLDERS for p in (ROOT / f).rglob("*") if p.suffix in (".cpp", ".hpp", ".cu", ".cuh")]
    found = [o for p in sorted(files) for o in offences(p)]
    print("\n".join(found) if found else f"{len(files)} files, includes in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
