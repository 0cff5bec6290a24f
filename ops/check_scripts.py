#!/usr/bin/env python3
"""Checks that scripts which check something fail when it fails: each is run, in a tree of its own, with programs in the place of
those that it calls. And that none of them has what bash lets pass in silence."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

OPS = pathlib.Path(__file__).resolve().parent
# Of this machine; all others that a script calls are given, or not there.
TOOLS = ("awk", "basename", "bash", "cat", "chmod", "cut", "date", "dirname", "du", "env", "find", "grep", "id", "ln", "mkdir",
         "mktemp", "mv", "python3", "readlink", "realpath", "rm", "sed", "sort", "tail", "tee", "touch", "tr", "wc")


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be a link to one of this machine
    path.write_text("#!/usr/bin/env bash\n" + text)
    path.chmod(0o755)


class Tree:
    """Some of ops in a folder of its own, and a PATH with TOOLS and what programs() adds."""

    def __init__(self, folder, *names):
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir(parents=True)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        shutil.copytree(OPS / "lib", folder / "ops/lib")
        for name in names:
            (folder / "ops" / name).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (OPS / name).is_dir() else shutil.copy)(OPS / name, folder / "ops" / name)

    def programs(self, **texts):
        for name, text in texts.items():
            program(self.bin / name.replace("_", "-"), text)

    def run(self, *words, **variables):
        """(exit status, all that it said)"""
        environment = {"PATH": str(self.bin), "TMPDIR": str(self.folder), **variables}
        done = subprocess.run(["bash", *words], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout


def is_as(seen, status, *words):
    """Nothing, or what is wrong about an exit status and all that was said."""
    missing = [word for word in words if not re.search(word, seen[1])]
    return f"ends with {seen[0]}, nothing about {missing} in: {seen[1]}" if seen[0] != status or missing else None


# In place of a root and its dpkg: all is well but for what dpkg says of its own end.
ROOT = """
in_root() {
    case "$*" in
        *dpkg*) echo "miner: /srv/data/miner.db.of-0.1 is the database as version 0.1 has it"; return $DPKG_ENDS_WITH ;;
        *stat*) echo miner ;;
    esac
}
check_deb() {
    local root=$work/root home=$work/root/home data=$work/root/data copy=$work/root/data/copy
    mkdir -p "$root/etc/miner" "$data"
    echo 'name = "cold"' > "$root/etc/miner/miner.toml"
    quietly prepares
    check "upgrade" upgrades
}
"""


def check_packages(folder):
    """A package whose own scripts fail."""
    tree = Tree(folder, "check_package.sh", "check_package_deb.sh")
    (tree.folder / "a.deb").touch()
    steps = tree.folder / "ops/check_package_deb.sh"
    text = steps.read_text() + ROOT

    def run(prepares, check="check", **variables):
        steps.write_text(text.replace('check "upgrade"', f'{check} "upgrade"') + f"prepares() {{ {prepares}; }}\n")
        return tree.run("ops/check_package.sh", "a.deb", CHECK_PACKAGE_ALONE="yes", **variables)

    return {
        "all is well": is_as(run("true", DPKG_ENDS_WITH="0"), 0, "ok: upgrade", "all is well"),
        "dpkg fails amid a step": is_as(run("true", DPKG_ENDS_WITH="1"), 1, "WRONG: upgrade"),
        "what is prepared fails amid": is_as(run("false; true", DPKG_ENDS_WITH="0"), 1, "WRONG: prepares"),
        "a step that is a condition": is_as(run("true", "! check", DPKG_ENDS_WITH="1"), 1, "WRONG: upgrade", "bash ignores set -e"),
    }


def check_help(folder):
    """What ops/check_ops.sh says of a program's help; the tools of all else that it looks at are not there."""
    tree = Tree(folder, "check_ops.sh", "systemd", "logrotate")
    good = 'echo "Subcommands:"; echo "  run      mines"; echo "  check    looks"'

    def run(top=good, command='echo "Example: miner $1"'):
        program(tree.folder / "miner", f"case $1 in --help) {top} ;; *) {command} ;; esac\n")
        said = tree.run("ops/check_ops.sh", "miner")[1]
        return re.findall("^(.*): help fits a screen", said, re.M) or said

    seen = {
        "all is well": (run(), "ok"),
        "a program that fails": (run("exit 3"), "WRONG"),
        "one that fails in the end": (run(good + "; exit 3"), "WRONG"),
        "another heading": (run(good.replace("Subcommands", "Commands")), "WRONG"),
        "a command without example": (run(command="[ $1 = run ] && echo 'Example: miner run'"), "WRONG"),
        "more than a screen": (run(f"printf '%.0s\\n' {{1..41}}; {good}"), "WRONG"),
    }
    return {name: None if said == [word] else f"{said}, not {word}" for name, (said, word) in seen.items()}


def check_gpu_run(folder):
    """A memory check that finds something, and what comes after it."""
    tree = Tree(folder, "gpu/run.sh")
    program(tree.folder / "build/gpu_tests", "")
    (tree.folder / "out").mkdir()
    tree.programs(a_python="echo \"it runs $1\"\n", compute_sanitizer='[ "$5" -ef build/gpu_tests ] && exit $FINDS\n')

    def run(finds, *parts):
        return tree.run("ops/gpu/run.sh", "build", "out", *parts, PYTHON="a-python", FINDS=finds)

    return {
        "nothing is found": is_as(run("0", "memcheck"), 0),
        "something is found": is_as(run("9", "memcheck"), 1, r"failed: memcheck \(exit 9\)"),
        "other parts come nevertheless": is_as(run("9", "memcheck", "attention"), 1, "it runs ops/gpu/attention.py",
                                               "failed: memcheck"),
    }


def check_cuda_build(folder):
    """A program that names an installed toolkit, and megabytes of other words after it."""
    tree = Tree(folder, "check_cuda_build.sh")
    (tree.folder / "ops/gpu").mkdir()
    for stub in ("setup.sh", "gpu/code.py"):
        program(tree.folder / "ops" / stub, "")
    program(tree.folder / "ops/build.sh", """mkdir -p build/cuda/miner
ln -sf cuda/miner/miner build/miner
printf 'echo %s\\n' "$PROGRAM" > build/cuda/miner/miner
chmod 755 build/cuda/miner/miner
python3 -c 'for word in range(20000): print("\\0word", word)' >> build/cuda/miner/libminer_networks.so
[ -z "$NINJA" ] || echo "$NINJA" > build/cuda/build.ninja
""")
    tree.programs(cmake="echo 8.6", ldd="", nproc="echo 2")

    def run(named="", ninja="rules"):
        return tree.run("ops/check_cuda_build.sh", PROGRAM=named, NINJA=ninja)

    return {
        "a build without rules": is_as(run(ninja=""), 2, "build.ninja"),
        "a build without toolkit": is_as(run(), 0, "build, on 2 cores"),
        "a toolkit in the program": is_as(run("/usr/local/cuda/lib64"), 1, "miner:/usr/local/cuda/lib64", "toolkit was used"),
        "a toolkit in the rules": is_as(run(ninja="x = /usr/local/cuda-13.0/bin"), 1, "ninja:/usr/local/cuda-13.0/bin"),
    }


def check_apt(folder):
    """A machine with apt, but without its lists and without the programs that a script needs; what is installed is nothing."""
    wanted = {
        ("package.sh",): ("patchelf", "zstd"),
        ("container/build.sh", "a.deb"): ("buildah", "mmdebstrap"),
        ("container/check.sh",): ("podman", "crun", "curl"),
        ("check_package.sh", "a.tar.zst"): ("mmdebstrap",),
    }
    seen = {}
    for (script, *words), programs in wanted.items():
        for user, sudo in (("0", False), ("1000", True), ("1000", False)):
            tree = Tree(folder / f"{script} of {user}, {sudo}", script, "check_package_deb.sh", "rehearsal/captions.json")
            for name in ("CMakeLists.txt", "a.deb", "a.tar.zst"):
                (tree.folder / name).touch()
            tree.programs(id=f"echo {user}\n", umount="", apt_get="""case $1 in
    update) touch lists ;;
    install) [ -e lists ] || { echo "E: Unable to locate package" >> installed; exit 100; }
        for word in "${@:2}"; do [[ $word == -* ]] || echo "$word" >> installed; done ;;
esac
""", **({"sudo": 'exec "$@"\n'} if sudo else {}))
            said = tree.run(f"ops/{script}", *words, SOURCE_DATE_EPOCH="1", CHECK_PACKAGE_ALONE="yes",
                            CHECK_CONTAINER_ALONE="yes")[1]
            installed = tree.folder / "installed"
            got = tuple(installed.read_text().splitlines()) if installed.exists() else said.count("As root, run:")
            expected = programs if user == "0" or sudo else 1
            seen[f"{script} of user {user}, sudo {sudo}"] = None if got == expected else f"{got}, not {expected}: {said}"
    return seen


def check_roots(folder):
    """A bare root whose making is cut off, for those who keep roots for the next time."""
    tree = Tree(folder, "container")
    (tree.folder / "a.deb").touch()
    (tree.folder / "roots").mkdir()
    tree.programs(buildah="[ $1 != inspect ]\n", mmdebstrap='echo call >> calls\necho "half of it" > "${!#}"\nexit $ENDS_WITH\n')

    def run(ends_with, calls):
        seen = tree.run("ops/container/build.sh", "a.deb", ROOTS=str(tree.folder / "roots"), ENDS_WITH=ends_with)
        made = len((tree.folder / "calls").read_text().splitlines())
        return is_as(seen, int(ends_with)) or (None if made == calls else f"{made} made in all, not {calls}")

    return {
        "its making is cut off": run("1", 1),
        "it is made anew": run("0", 2),
        "one that is whole is kept": run("0", 2),
    }


def check_fuzz(folder):
    """A target on a machine that stands still for half a minute while it has an input."""
    tree = Tree(folder, "fuzz.sh")
    (tree.folder / "tests/fuzz").mkdir(parents=True)
    (tree.folder / "tests/fuzz/words_fuzz.cpp").touch()
    (tree.folder / "ops/fuzz_seeds.py").touch()
    program(tree.folder / "build/fuzz/tests/fuzz/words_fuzz", """for word in "$@"; do
    case $word in -timeout=*) [ "${word#*=}" -gt "$STANDS" ] || { echo "libFuzzer: timeout"; exit 70; } ;; esac
done
""")
    tree.programs(cmake="", ninja="")

    def run(seconds, stands):
        return tree.run("ops/fuzz.sh", seconds, STANDS=stands)

    return {
        "a run of seconds": is_as(run("4", "30"), 0, "ok    words"),
        "a longer one looks for slow inputs": is_as(run("600", "30"), 1, "FAIL  words", "libFuzzer: timeout"),
        "a longer one takes others": is_as(run("600", "5"), 0, "ok    words"),
    }


# What ends before its input does, in a pipe: its writer may die of SIGPIPE then, and with pipefail what was found counts as
# missing.
LEAVES_EARLY = re.compile(r"(?<!\|)\|\s*(head\b|(env \S+ )*grep\b[^|;)]*\s-[A-Za-z]*(q|m *\d)|sed\b[^|;)]*\d+q\b)")
# A function that runs what it was given, as a condition.
RUNS_IN_CONDITION = re.compile(r'(^|[{;!]|\bif|\belif)\s*"\$@".*(\|\||&&|; *then)')


def check_texts(_):
    """No runner of steps but ops/lib/attempt.sh, and no pipe into what leaves early."""
    wrong = {}
    for script in [*OPS.rglob("*.sh"), OPS.parent / ".ci/run"]:
        for number, line in enumerate(script.read_text().splitlines(), 1):
            name = f"{script.relative_to(OPS.parent)}:{number}"
            if LEAVES_EARLY.search(line):
                wrong[name] = f"a pipe to what may end first; keep the text in a variable, or sed -n 1p: {line.strip()}"
            if RUNS_IN_CONDITION.search(line):
                wrong[name] = f"what fails amid a function passes in a condition; use ops/lib/attempt.sh: {line.strip()}"
    return wrong or {"nothing of either kind": None}


def main():
    wrong = looked = 0
    for check in (check_packages, check_help, check_gpu_run, check_cuda_build, check_apt, check_roots, check_fuzz,
                  check_texts):
        with tempfile.TemporaryDirectory() as folder:
            for name, fault in check(pathlib.Path(folder).resolve() / "a tree").items():
                looked += 1
                if fault:
                    wrong += 1
                    print(f"{check.__name__}: {name}: {fault}")
    print(f"{looked} cases, {wrong} mistakes")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
