#!/usr/bin/env python3
"""Checks what ops/cmake/commit.cmake finds: in a checkout, a changed one, an archive of it, and outside git."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parent / "cmake/commit.cmake"
ALONE = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder, *words, **more):
    identity = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *words], cwd=folder, env=ALONE, check=True, capture_output=True, **more).stdout


def commit_of(source, script=SCRIPT, **variables):
    out = source.parent / "commit.cpp"
    subprocess.run(["cmake", f"-DSOURCE={source}", f"-DOUTPUT={out}", "-P", script],
                   env={**ALONE, "MINER_COMMIT": "", **variables}, check=True)
    before = out.stat().st_mtime_ns
    subprocess.run(["cmake", f"-DSOURCE={source}", f"-DOUTPUT={out}", "-P", script],
                   env={**ALONE, "MINER_COMMIT": "", **variables}, check=True)
    assert out.stat().st_mtime_ns == before, "the same commit was written again: it would be compiled again"
    return re.search(r'return "(.*)";', out.read_text())[1]


def main():
    for name in [n for n in ALONE if n.startswith("GIT_") and not n.startswith("GIT_CONFIG")]:
        del ALONE[name]  # a hook's, which name another repository
    seen = {}
    with tempfile.TemporaryDirectory() as made:
        made = pathlib.Path(made)
        source = made / "source"
        (source / "ops/cmake").mkdir(parents=True)
        shutil.copy(SCRIPT, source / "ops/cmake")
        shutil.copy(SCRIPT.parent.parent.parent / ".gitattributes", source)
        seen["outside git"] = commit_of(source), "unknown"
        seen["told"] = commit_of(source, MINER_COMMIT="abc-1.2"), "abc-1.2"
        git(source, "init", "-q")
        seen["before the first commit"] = commit_of(source), "unknown"
        git(source, "add", ".")
        git(source, "commit", "-q", "-m", "one")
        head = git(source, "rev-parse", "HEAD", text=True)[:12]
        seen["checkout"] = commit_of(source, MINER_COMMIT="other"), head
        (source / "untracked").write_text("")
        seen["with a file more"] = commit_of(source), head
        inside = source / "inside"
        inside.mkdir()
        seen["inside another checkout"] = commit_of(inside), "unknown"
        with (source / "ops/cmake/commit.cmake").open("a") as script:
            script.write("\n")
        seen["changed"] = commit_of(source), head + "-dirty"
        unpacked = made / "unpacked"
        unpacked.mkdir()
        subprocess.run(["tar", "x"], cwd=unpacked, input=git(source, "archive", "HEAD"), check=True)
        seen["archive"] = commit_of(unpacked, unpacked / "ops/cmake/commit.cmake"), head
    wrong = [f"{case}: {found}, not {right}" for case, (found, right) in seen.items() if found != right]
    print("\n".join(wrong) or f"{len(seen)} cases, each commit as it is")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
