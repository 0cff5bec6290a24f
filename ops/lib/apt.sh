# shellcheck shell=bash
# Sourced by scripts that need what the distribution packages.

# Installs packages, by sudo where it is not root who asks. Fetches their lists first, as images have none. Where there is no sudo it
# says what root is to run, and ends the script.
apt_install() {  # PACKAGE...
    local as_root=() script=${0##*/}
    script=${script%.sh}
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo > /dev/null; then
            echo "$script: packages are missing, and there is no sudo to install them. As root, run:" >&2
            echo "    apt-get update && apt-get install --no-install-recommends $*" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "$script: installing $*"
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# Installs those of some programs that are not there. Each is in the package of its name.
need_programs() {  # PROGRAM...
    local missing=() program
    for program in "$@"; do command -v "$program" > /dev/null || missing+=("$program"); done
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}
