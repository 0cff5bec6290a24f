#!/usr/bin/env python3
"""Every test that ops/docs/http_conformance.md names exists: "R *a case's name*" in its tables."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "ops/docs/http_conformance.md"


def cases():
    names = set()
    for path in (ROOT / "tests").rglob("*_test.cpp"):
        text = re.sub(r'"\s*\n\s*"', "", path.read_text())  # a name over two lines
        names |= set(re.findall(r'TEST_CASE\("((?:[^"\\]|\\.)*)"', text))
    return names


def main():
    named = [name for line in PAGE.read_text().splitlines() if line.startswith("|")
             for name in re.findall(r"\*([^*|]{12,})\*", line)]
    missing = sorted(set(named) - cases())
    for name in missing:
        print(f"{PAGE.relative_to(ROOT)}: no test case '{name}'")
    return 1 if missing or not named else 0


if __name__ == "__main__":
    sys.exit(main())
