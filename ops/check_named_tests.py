#!/usr/bin/env python3
"""Every test that a page names in its tables exists: "*a case's name*"."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = [ROOT / "ops/docs" / name for name in ("http_conformance.md", "endurance.md")]


def cases():
    names = set()
    for path in (ROOT / "tests").rglob("*_test.cpp"):
        text = re.sub(r'"\s*\n\s*"', "", path.read_text())  # a name over two lines
        names |= set(re.findall(r'TEST_CASE(?:_METHOD\(\s*\w+,|\()\s*"((?:[^"\\]|\\.)*)"', text))
    return names


def named(page):
    return [name for line in page.read_text().splitlines() if line.startswith("|")
            for name in re.findall(r"\*([^*|]{12,})\*", line)]


def main():
    known = cases()
    wrong = [f"{page.relative_to(ROOT)}: no test case '{name}'" for page in PAGES
             for name in sorted(set(named(page)) - known)]
    wrong += [f"{page.relative_to(ROOT)}: names no test" for page in PAGES if not named(page)]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
