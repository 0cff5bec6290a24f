#!/usr/bin/env bash
# The image without a registry: a bare Debian by mmdebstrap, and on it a .deb of ops/package.sh, by ops/container/Containerfile.
# As root, for mmdebstrap; needs buildah.
#   ops/container/build.sh [PACKAGE.deb [IMAGE]]     (the one in build/packages; localhost/miner)
# For another engine: buildah push localhost/miner docker-archive:miner.tar, there docker load -i miner.tar
set -euo pipefail
here=$(realpath "$(dirname "$0")")
. "$here/../lib/apt.sh"
. "$here/../lib/root.sh"
package=$(realpath "${1:-$(ls "$here"/../../build/packages/miner_*_amd64.deb)}")
image=${2:-localhost/miner}
suite=${SUITE:-bookworm}

need_programs buildah mmdebstrap

base=localhost/miner-base:$suite
if ! buildah inspect --type image "$base" > /dev/null 2>&1; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # ROOTS: as ops/check_package.sh keeps them.
    root=${ROOTS:-$work}/$suite-deb.tar
    make_root_tarball "$root" "$suite" minbase ca-certificates
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / > /dev/null
    buildah commit --quiet --rm "$container" "$base" > /dev/null
fi
# No engine's own confinement is needed to unpack a package; docker's format is the one that knows health checks.
buildah build --quiet --isolation chroot --format docker --file "$here/Containerfile" --pull-never \
    --build-arg BASE="$base" --build-arg PACKAGE="$(basename "$package")" --tag "$image" "$(dirname "$package")"
