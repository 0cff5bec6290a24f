# shellcheck shell=bash
# Sourced by scripts that need a bare root of Debian: as root, with mmdebstrap and Debian's mirror.

# A tarball of one; one that is there already stays. It has its name once it is whole, so that what was cut off is made anew.
make_root_tarball() {  # FILE SUITE VARIANT PACKAGES
    [ ! -e "$1" ] || return 0
    mmdebstrap --quiet --format=tar --variant="$3" --include="$4" --dpkgopt=force-unsafe-io "$2" "$1.part"
    mv "$1.part" "$1"
}
