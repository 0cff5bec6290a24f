#!/usr/bin/env bash
# Tries packages as ops/package.sh makes them where nothing else is: in bare roots of Debian, without compiler and Python, as a
# user. Needs root, for chroot, and Debian's mirror, for mmdebstrap.
#   ops/check_package.sh PACKAGE ...       tarballs and .debs; of a .deb also upgrade, the way back, removal
#   BEFORE=OLD.deb                         what is upgraded from: else the same program as an older version
#   SUITE=trixie                           of which Debian the roots are (bookworm unless named)
#   ROOTS=FOLDER                           keeps bare roots there for the next time
set -euo pipefail
shopt -s extglob
if [ "${CHECK_PACKAGE_ALONE:-}" != yes ]; then
    [ "$(id -u)" = 0 ] || { echo "check_package: run it as root: sudo $0 $*" >&2; exit 1; }
    # What is mounted here is nobody else's and gone at the end.
    exec env CHECK_PACKAGE_ALONE=yes unshare --mount --propagation private "$0" "$@"
fi
source_folder=$(realpath "$(dirname "$0")/..")
. "$source_folder/ops/lib/apt.sh"
. "$source_folder/ops/lib/attempt.sh"
. "$source_folder/ops/lib/root.sh"
suite=${SUITE:-bookworm}
work=$(mktemp -d)
clean_up() {
    local mounted
    for mounted in $(awk -v at="$work" 'index($2, at) == 1 { print $2 }' /proc/mounts | sort -r); do umount -l "$mounted"; done
    rm -rf "$work"
}
trap clean_up EXIT

say() { echo "check_package: $*"; }
fail() { say "WRONG: $*" >&2; exit 1; }
# Quiet as long as all is well.
quietly() {
    attempt "$@" > "$work/said" 2>&1
    [ "$exit_code" = 0 ] || { cat "$work/said" >&2; fail "$*"; }
}
check() {  # WHAT COMMAND...
    local what=$1 began=$SECONDS
    shift
    attempt "$@" > "$work/said" 2>&1
    [ "$exit_code" = 0 ] || { cat "$work/said" >&2; fail "$what"; }
    say "ok: $what ($((SECONDS - began)) s)"
}
said() { grep -qE -e "$1" "$work/said" || { echo "no '$1' in this"; return 1; }; }

make_root() {  # NAME VARIANT PACKAGES: $work/NAME
    local tar=${ROOTS:-$work}/$suite-$1.tar
    if [ ! -e "$tar" ]; then
        quietly need_programs mmdebstrap
        quietly make_root_tarball "$tar" "$suite" "$2" "$3"
    fi
    mkdir "$work/$1"
    tar -x -f "$tar" -C "$work/$1"
    mkdir -p "$work/$1/proc" "$work/$1/dev"
    mount -t proc proc "$work/$1/proc"
    mount --bind /dev "$work/$1/dev"
}

# As a user of the root, with nothing of this environment.
in_root() {  # ROOT USER COMMAND...
    local root=$1 user=$2
    shift 2
    chroot --userspec="$user" "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp/home OMP_WAIT_POLICY=passive "$@"
}

has_no_tools() {
    local tool
    for tool in python3 gcc cc perl g++ nvcc; do
        [ ! -e "$1/usr/bin/$tool" ] && [ ! -e "$1/bin/$tool" ] || [ "$tool $2" = "perl deb" ] || { echo "there is $tool"; return 1; }
    done
}

# Everything that the loader takes is the package's, but glibc and the driver; with each library in it, as some are opened by name.
loads_its_own() {  # ROOT PLACE
    local line bad=0 seen=0 all
    # But those that cannot be loaded without the driver.
    all=$(cd "$1$2/lib" && for line in *; do grep -q 'NEEDED.*libcuda\.so' <<< "$(readelf -d "$line")" || printf '%s:' "$line"; done)
    while read -r line; do
        case $line in
            lib@(cuda|nvidia-ml).so*'not found') ;;
            *"=> $2/bin/../lib/"* | *"=> $2/lib/"*) seen=$((seen + 1)) ;;
            lib@(c|m|dl|rt|pthread|util|resolv|anl|mvec).so.*'=> /'* | linux-vdso* | /lib64/ld-linux* | "$2"/bin/../lib/*) ;;
            *) echo "not the package's: $line" && bad=1 ;;
        esac
    done < <(in_root "$1" 1234:1234 /usr/bin/env LD_PRELOAD="$all" /lib64/ld-linux-x86-64.so.2 --list "$2/bin/miner" 2>&1)
    [ $seen -gt 30 ] || { echo "only $seen libraries were looked at"; bad=1; }
    return $bad
}

holds_no_path_of_the_build() {  # FOLDER
    ! grep -rlF -e "$source_folder" "$1"
}

rehearses() {  # ROOT USER MINER TASKS [FLAG...]
    local root=$1 user=$2 miner=$3 tasks=$4
    shift 4
    in_root "$root" "$user" "$miner" rehearse --tasks "$tasks" "$@" > "$work/rehearsal" 2>&1 &&
        grep -q '^Verdict: GO' "$work/rehearsal" || { cat "$work/rehearsal"; return 1; }
}
counts() {  # ROOT USER MINER HOW_MANY [FLAG...]: by miner stats
    local root=$1 user=$2 miner=$3 many=$4
    shift 4
    in_root "$root" "$user" "$miner" stats --json --last 0 "$@" > "$work/stats" || { cat "$work/stats"; return 1; }
    python3 -c 'import json, sys; made = json.load(open(sys.argv[1]))["all"]["generations"]
assert made == int(sys.argv[2]), f"{made} made, not {sys.argv[2]}"' "$work/stats" "$many"
}

# A false library where somebody's LD_LIBRARY_PATH points stays unused.
heeds_no_library_path() {  # ROOT PLACE
    mkdir -p "$1/tmp/false"
    echo "no library" > "$1/tmp/false/libc10.so"
    in_root "$1" 1234:1234 /usr/bin/env LD_LIBRARY_PATH=/tmp/false "$2/bin/miner" version
}

check_tarball() {  # FILE
    local root=$work/bare place="/opt/a place with blanks" folder miner
    [ -d "$root" ] || make_root bare extract libc6,bash,coreutils
    mkdir -p "$root$place" "$root/tmp" "$root/srv"
    chmod 1777 "$root/tmp"
    tar -x --zstd -f "$1" -C "$root$place"
    folder=$place/$(basename "$1" .tar.zst)
    miner=$folder/bin/miner
    check "a root without Python, compiler and dpkg" has_no_tools "$root" bare
    check "no path of the build in it" holds_no_path_of_the_build "$root$folder"
    check "it loads its own libraries and glibc" loads_its_own "$root" "$folder"
    check "it says who it is" in_root "$root" 1234:1234 "$miner" version
    check "it rehearses" rehearses "$root" 1234:1234 "$miner" 2
    check "it counts what it did" counts "$root" 1234:1234 "$miner" 2
    check "its settings file is one" in_root "$root" 1234:1234 "$miner" config --config "$folder/share/miner/miner.toml"
    mv "$root$place" "$root/srv/moved"
    folder=/srv/moved/$(basename "$1" .tar.zst)
    check "it may be moved, and heeds no LD_LIBRARY_PATH" heeds_no_library_path "$root" "$folder"
    rm -rf "$root/srv/moved" "$root/tmp/home"
}

source "$source_folder/ops/check_package_deb.sh"

[ $# -gt 0 ] || { echo "check_package: which packages?" >&2; exit 2; }
for package in "$@"; do
    say "$(basename "$package"), $(du -h --apparent-size "$package" | cut -f1)"
    case $package in
        *.tar.zst) check_tarball "$(realpath "$package")" ;;
        *.deb) check_deb "$(realpath "$package")" ;;
        *) fail "$package is neither .tar.zst nor .deb" ;;
    esac
done
say "all is well after $SECONDS s"
