#!/usr/bin/env python3
"""Checks that no two headers define one class, or one inline function with the same parameters, in one namespace.

To the linker they are one, whichever it meets first, and a program that has both crashes where it likes; no compiler
sees both. Prints each pair and exits 1; prints a count and exits 0 when all is well.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("config", "generator", "network", "storage", "weights", "miner", "tests")
CLASS = re.compile(r"^(?:struct|class)\s+(\w+)(?:\s+final)?\s*(?::[^:].*)?\{")
FUNCTION = re.compile(r"^inline\s[^;={(]*?\b(\w+)\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*(?:noexcept\s*)?\{", re.M)
# Of tests of different programs, which never meet.
PROGRAMS = ("config", "generator", "network", "storage", "weights", "miner", "e2e", "gpu", "bench", "fuzz")


def types(parameters):
    """Without names, default values and blanks: what tells overloads apart."""
    parts = re.sub(r"\s*=[^,]*", "", parameters).split(",")
    return ",".join(re.sub(r"\s+", " ", re.sub(r"\b\w+\s*$", "", p.strip()) or p.strip()).strip() for p in parts)


def definitions(path):
    """Of a header: (namespace::name(types), line)."""
    text, spaces = path.read_text(encoding="utf-8"), []
    inline = {m.start(): m for m in FUNCTION.finditer(text)}
    at = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        opened = re.match(r"^(?:inline )?namespace\s*([\w:]*)\s*\{(?!.*\})", line)
        if opened:
            spaces.append(opened[1] or f"unnamed in {path}")
        elif re.match(r"^\}\s*// namespace", line) and spaces:
            spaces.pop()
        found = CLASS.match(line)
        name = found[1] if found else None
        if at in inline:
            name = f"{inline[at][1]}({types(inline[at][2])})"
        if name:
            yield "::".join([*spaces, name]), number
        at += len(line)


def program(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "tests" and parts[1] in PROGRAMS else ""


def main():
    places, headers = collections.defaultdict(list), 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".hpp", ".cuh"):
                continue
            headers += 1
            for name, line in definitions(path):
                places[name].append((path.relative_to(ROOT).as_posix(), line))
    bad = []
    for name, found in sorted(places.items()):
        for i, (file, line) in enumerate(found):
            for other, there in found[i + 1:]:
                programs = {program(file), program(other)}
                if file != other and ("" in programs or len(programs) == 1):
                    bad.append(f"{other}:{there}: {name} is defined in {file}:{line}, too")
    print("\n".join(bad) if bad else f"{len(places)} definitions in {headers} headers, each once")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
