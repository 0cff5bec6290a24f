#!/usr/bin/env bash
# Does what a newcomer does: a bare root of a distribution, a clone of HEAD, README's two commands to the letter; then looks
# at the end. Says how many minutes and GB it took. As root, with mmdebstrap; downloads some 2 GB.
#   ops/check_fresh.sh [OPTION...] bookworm|trixie|noble [COMMAND...]    COMMAND... instead of README's two
#   --user              as a user who has sudo, not as root without it
#   --root FOLDER       the root, which must not exist yet (default: a temporary one)
#   --keep              leave the root there
#   --mirror URL        packages from here (default: this machine's mirror, if it is of the same distribution)
#   --keyring FILE      the archive's keys (default: what the packages debian-archive-keyring and ubuntu-keyring bring)
#   --ccache FOLDER     share this compiler cache, and
#   --pip-cache FOLDER  this one of wheels: quicker, but not a fresh machine's figures
# Output goes to build/fresh/DISTRIBUTION.log. Certificates and proxies are this machine's. The root goes away at the end,
# whatever happens; its mounts are in a namespace of their own and go with the last process in it.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."

quit() { echo "check_fresh: $*" >&2; exit 2; }
say() { echo "check_fresh: $*"; }
minutes_since() { awk -v s="$1" -v e="$EPOCHREALTIME" 'BEGIN { printf "%.1f", (e - s) / 60 }'; }
gigabytes() { du -sxB1 "$1" | awk '{ printf "%.2f", $1 / 1e9 }'; }

# ---- in the namespace: $root, $log, $user, $ccache, $pip_cache come from outside ----

mount_root() {
    mount -t proc proc "$root/proc"
    mount --rbind --make-rslave /dev "$root/dev"
    mount --rbind --make-rslave /sys "$root/sys"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    local shared
    for shared in ccache pip_cache; do
        [ -n "${!shared}" ] || continue
        mkdir -p "${!shared}" "$root/var/cache/$shared"
        mount --bind "${!shared}" "$root/var/cache/$shared"
    done
}

# Runs a command line in the clone with a newcomer's environment, and this machine's way out to the network.
in_clone() {
    local name as=() environment=("HOME=$home" "USER=$user" "LANG=C.UTF-8" "TERM=dumb"
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    for name in {http,https,no}_proxy {HTTP,HTTPS,NO}_PROXY PIP_{INDEX_URL,EXTRA_INDEX_URL,TRUSTED_HOST,DEFAULT_TIMEOUT}; do
        [ -z "${!name:-}" ] || environment+=("$name=${!name}")
    done
    # Older releases of pip trust none but their own list otherwise.
    environment+=(PIP_CERT=/etc/ssl/certs/ca-certificates.crt)
    [ -z "$ccache" ] || environment+=(CCACHE_DIR=/var/cache/ccache)
    [ -z "$pip_cache" ] || environment+=(PIP_CACHE_DIR=/var/cache/pip_cache)
    [ "$user" = root ] || as=(--userspec="$user:$user" --groups=)
    chroot "${as[@]}" "$root" env -i "${environment[@]}" bash -c "cd \"\$HOME/a clone/miner\" && $1"
}

# What the end of a command must say, beside its exit code.
ends_well() {  # COMMAND OUTPUT
    case $1 in
        *rehearse.sh*) grep -m1 '^Verdict: GO' "$2" ;;
        *test.sh*) grep -m1 '^100% tests passed' "$2" ;;
        *) echo "done" ;;
    esac
}

follow_readme() {
    local command began word failed=0 output=$root/tmp/output
    mount_root
    for command in "$@"; do
        say "$command"
        began=$EPOCHREALTIME
        in_clone "$command" 2>&1 </dev/null | tee -a "$log" >"$output" || failed=$?
        word=$([ $failed != 0 ] || ends_well "$command" "$output") || failed=1
        if [ $failed != 0 ]; then
            tail -n 60 "$output"
            say "WRONG: '$command' ended with $failed, after $(minutes_since "$began") minutes; see $log"
            return 1
        fi
        say "$command: $(minutes_since "$began") minutes, $word"
    done

    began=$EPOCHREALTIME
    in_clone "ops/setup.sh" >>"$log" 2>&1 </dev/null || { say "WRONG: a second set-up fails; see $log"; return 1; }
    [ "$(awk -v m="$(minutes_since "$began")" 'BEGIN { print (m < 0.3) }')" = 1 ] ||
        { say "WRONG: a second set-up took $(minutes_since "$began") minutes"; return 1; }
    say "a second set-up: done within seconds"
    word=$(in_clone "git status --porcelain")
    [ -z "$word" ] || { say "WRONG: the clone is not as it was:"; echo "$word"; return 1; }
    say "$(in_clone '. /etc/os-release; echo "$PRETTY_NAME, $(g++ --version | sed -n 1p), $(nproc) cores"')"
}

if [ "${1:-}" = --inside ]; then
    shift
    follow_readme "$@"
    exit
fi

# ---- outside ----

user=root root="" keep=no mirror="" keyring="" ccache="" pip_cache=""
while [[ ${1:-} == -* ]]; do
    case $1 in
        -h | --help) sed -n '2,16s/^# \{0,1\}//p' "$0"; exit 0 ;;
        --user) user=newcomer ;;
        --keep) keep=yes ;;
        --root | --mirror | --keyring | --ccache | --pip-cache)
            [ $# -gt 1 ] || quit "$1 wants a value"
            name=${1#--} value=$2
            [[ $name == mirror || $value == /* ]] || value=$here/$value
            printf -v "${name//-/_}" %s "$value"
            shift
            ;;
        *) quit "no such option: $1; see --help" ;;
    esac
    shift
done

distribution=${1:-}
case $distribution in
    bookworm | trixie) origin=Debian components=main default=http://deb.debian.org/debian keys=debian-archive-keyring ;;
    noble) origin=Ubuntu components=main,universe default=http://archive.ubuntu.com/ubuntu keys=ubuntu-archive-keyring ;;
    "") quit "say which: bookworm, trixie or noble" ;;
    *) quit "no such distribution here: $distribution; there are bookworm, trixie and noble" ;;
esac
shift
[ "$(id -u)" = 0 ] || quit "only root can make a root; run it with sudo"
command -v mmdebstrap >/dev/null || quit "there is no mmdebstrap; apt-get install mmdebstrap"
keyring=${keyring:-/usr/share/keyrings/$keys.gpg}
[ -r "$keyring" ] || quit "$keyring does not exist; install ${keys/ubuntu-archive/ubuntu}, or name the keys by --keyring"
[ -z "$root" ] || [ ! -e "$root" ] || quit "$root exists already"
if [ -z "$mirror" ]; then
    mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -v o="$origin" '$1 == o && $2 == "main" && $3 !~ /security/ { print $3; exit }' || true)
    mirror=${mirror:-$default}
fi
for cache in "$ccache" "$pip_cache"; do  # a user of the root can write only to what has its number, 1000
    [ -z "$cache" ] || [ "$user" = root ] || { mkdir -p "$cache" && [ "$(stat -c %u "$cache")" = 1000 ]; } ||
        quit "$cache is not of user 1000, as whom --user works"
done
[ -z "$(git status --porcelain --untracked-files=no)" ] || say "HEAD is tried, without what is not committed"
commands=("$@")
[ $# -gt 0 ] || mapfile -t commands < <(git show HEAD:README.md | sed -n '/^## Two commands/,/^## What/p' | grep '^ops/')
[ ${#commands[@]} -gt 0 ] || quit "README has no commands under 'Two commands'"

child=""
clean_up() {
    trap - EXIT INT TERM
    [ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true
    wait
    if [ "$keep" = yes ]; then say "left: $root"; else rm -rf --one-file-system "$root"; fi
}
if [ -z "$root" ]; then root=$(mktemp -d "${TMPDIR:-/var/tmp}/miner-fresh-XXXXXX"); else mkdir -p "$root"; fi
root=$(realpath "$root")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p build/fresh
log=$PWD/build/fresh/$distribution.log
home=/root packages=apt,ca-certificates
[ "$user" = root ] || { home=/home/$user packages+=,sudo; }
say "$distribution from $mirror in $root; output in $log"
mmdebstrap --quiet --variant=minbase --include="$packages" --components="$components" --keyring="$keyring" \
    --format=directory "$distribution" "$root" "$mirror" >"$log" 2>&1 </dev/null || { tail -n 20 "$log"; quit "no root"; }

# The machine's way out: names, certificates, apt's proxies.
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$root/usr/local/share/ca-certificates/" \; 2>/dev/null || true
chroot "$root" update-ca-certificates >>"$log" 2>&1
apt-config dump 2>/dev/null | grep -i '^Acquire::.*proxy' >"$root/etc/apt/apt.conf.d/90machine" || true
if [ "$user" != root ]; then
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
    echo "$user ALL=(ALL) NOPASSWD: ALL
Defaults env_keep += \"http_proxy https_proxy no_proxy\"" >"$root/etc/sudoers.d/$user"
fi
before=$(gigabytes "$root")
mkdir -p "$root$home/a clone"
git clone -q --no-local . "$root$home/a clone/miner"
chroot "$root" chown -R "$user:" "$home/a clone"

# A SIGKILL for `unshare` is one for everything in the namespace.
export root log user home ccache pip_cache
unshare --mount --pid --fork --kill-child=SIGKILL -- bash "$0" --inside "${commands[@]}" &
child=$!
wait "$child"
child=""
say "disk: $(awk -v b="$before" -v a="$(gigabytes "$root")" 'BEGIN { printf "%.1f", a - b }') GB beside the bare root's $before GB"
