#!/usr/bin/env bash
# Fails where clang-tidy 14 finds one of the faults that .clang-tidy lists.
#   ops/check_tidy.sh                 what has changed since main, committed or not
#   ops/check_tidy.sh --base COMMIT   what has changed since COMMIT
#   ops/check_tidy.sh --all           all sources: an hour of two cores
#   ops/check_tidy.sh FILE...         these sources
# A changed header is looked at through the source of the same name. Flags come from build/release, which is configured
# for that, but not built. GPU code is left out: clang 14 knows neither its flags nor the toolkit.
set -euo pipefail
cd "$(dirname "$0")/.."

base=main all=no
case ${1:-} in
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --all) all=yes; shift ;;
    --base) base=$2; shift 2 ;;
esac

if [ $# -eq 0 ] && [ $all = no ]; then
    from=$(git merge-base "$base" HEAD)
    mapfile -t changed < <({ git diff --name-only "$from"; git ls-files --others --exclude-standard; } | sort -u)
    for file in "${changed[@]}"; do
        case $file in *.hpp) file=${file%.hpp}.cpp ;; esac
        case $file in *.cpp) [ ! -e "$file" ] || set -- "$@" "$file" ;; esac
    done
    [ $# -gt 0 ] || { echo "no source has changed since $base"; exit 0; }
fi

command -v clang-tidy-14 >/dev/null || {
    echo "there is no clang-tidy 14 here; Debian 12 and Ubuntu 24.04 have it (ops/setup.sh)" >&2
    exit 1
}
[ -e build/release/compile_commands.json ] || cmake --preset release > /dev/null
mkdir -p build/tidy
# The same flags without g++'s own, and with precompiled headers as plain ones, which clang cannot read otherwise.
python3 - "$@" > build/tidy/files <<'END'
import json
import pathlib
import shlex
import sys

root = pathlib.Path.cwd()
wanted = {(root / name).resolve() for name in sys.argv[1:]}
entries, found = [], []
for entry in json.loads((root / "build/release/compile_commands.json").read_text()):
    file = pathlib.Path(entry["file"])
    if file.suffix != ".cpp" or root / "build" in file.parents or (wanted and file not in wanted):
        continue
    words = [w for w in shlex.split(entry["command"]) if w not in ("-fpch-preprocess", "-Winvalid-pch", "-Werror")]
    for at, word in enumerate(words):
        if word.endswith("/cmake_pch.hxx"):
            plain = root / "build/tidy" / (pathlib.Path(word).parent.name + ".hpp")
            plain.write_text(pathlib.Path(word).read_text())
            words[at] = str(plain)
    entries.append({"directory": entry["directory"], "file": entry["file"], "arguments": words})
    found.append(entry["file"])
(root / "build/tidy/compile_commands.json").write_text(json.dumps(entries))
for name in sorted(wanted - {pathlib.Path(f) for f in found}):
    print(f"not in this build, so not looked at: {name.relative_to(root)}", file=sys.stderr)
for name in found:
    print(name)
END

# libstdc++ 12 has coroutines for a compiler that says so; clang 14 knows them, but does not.
# A compiler's warnings are g++'s business here.
nice xargs -r -d '\n' -n 1 -P "$(nproc)" clang-tidy-14 --quiet -p build/tidy \
    --extra-arg=-D__cpp_impl_coroutine=201902L --extra-arg=-Wno-everything < build/tidy/files 2> build/tidy/noise ||
    { grep "Error while" build/tidy/noise >&2 || true; exit 1; }
echo "$(wc -l < build/tidy/files) sources, nothing found"
