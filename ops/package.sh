#!/usr/bin/env bash
# Builds and packs: a tarball that runs wherever it is unpacked, and a .deb of the same files. On any Linux with the glibc of
# the machine that built it, or a newer one; without Python, compiler and sources. The same commit gives the same bytes.
#   ops/package.sh [--cuda] [--output FOLDER]      (build/packages unless named)
set -euo pipefail
cd "$(dirname "$0")/.."
. ops/lib/apt.sh
top=$PWD

preset=release
kind=
output=build/packages
while [ $# -gt 0 ]; do
    case $1 in
        --cuda) preset=cuda kind=-cuda ;;
        --output) output=${2:?"package: --output needs a folder"} && shift ;;
        *) echo "package: what is '$1'? See the head of $0" >&2 && exit 2 ;;
    esac
    shift
done
version=$(sed -n 's/^project(miner VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
# Of everything in the packages: the commit's, so that neither clock nor folder is seen in them.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || date -r CHANGELOG.md +%s)}
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022

# The newest version of glibc that anything below a folder asks for.
needed_glibc() {
    find "$1" -type f \( -name '*.so*' -o -name miner -path '*/bin/*' \) -exec readelf --version-info --wide {} + |
        grep -o 'GLIBC_2\.[0-9]*' | sort -u -t. -k2n | tail -1 | sed 's/GLIBC_//'
}

pack_tarball() {  # TREE
    local name
    name=$(basename "$1")
    tar --create --directory "$(dirname "$1")" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner \
        --mtime="@$SOURCE_DATE_EPOCH" --mode=u=rwX,go=rX "$name" |
        zstd -q -T1 -9 > "$output/$name.tar.zst.part"
    mv "$output/$name.tar.zst.part" "$output/$name.tar.zst"
}

# The tree as Debian has it: what the program alone looks at in /usr/lib/miner, the rest where others look for it.
lay_out_debian() {  # TREE ROOT
    local usr=$2/usr
    install -d "$usr/lib/miner" "$usr/lib/systemd/system" "$usr/bin" "$2/etc/miner" "$2/etc/logrotate.d" "$2/DEBIAN"
    cp -al "$1/bin" "$1/lib" "$usr/lib/miner/"
    cp -a "$1/share" "$usr/"
    ln -s ../lib/miner/bin/miner "$usr/bin/miner"
    gzip -9n "$usr/share/man/man1/miner.1"
    mv "$usr/share/miner/systemd/miner.service" "$usr/lib/systemd/system/"
    mv "$usr/share/miner/logrotate/miner" "$2/etc/logrotate.d/"
    rmdir "$usr/share/miner/systemd" "$usr/share/miner/logrotate"
    mv "$usr/share/doc/miner/LICENSE" "$usr/share/doc/miner/copyright"
    install -m 644 ops/debian/miner.toml "$2/etc/miner/"
}

write_control() {  # ROOT
    local this=miner$kind other=miner-cuda words="the node for Bittensor's 3D subnet (SN17)" more=
    [ -z "$kind" ] || other=miner words="$words, for NVIDIA GPUs" more=$'Provides: miner\n'
    cat > "$1/DEBIAN/control" <<END
Package: $this
Version: $version
Architecture: amd64
Maintainer: the authors of miner <miner@localhost>
Installed-Size: $(du -k -s --apparent-size --exclude=DEBIAN "$1" | cut -f1)
Depends: libc6 (>= $(needed_glibc "$1/usr/lib/miner")), ca-certificates, passwd, util-linux
Suggests: logrotate, prometheus
${more}Conflicts: $other
Replaces: $other
Section: net
Priority: optional
Description: $words
 Takes validators' tasks, turns pictures and prompts into 3D Gaussian splats, signs
 and submits them, and keeps every step in SQLite.
 Settings are in /etc/miner, data in /var/lib/miner; the service is miner.service.
END
    printf '%s\n' /etc/miner/miner.toml /etc/logrotate.d/miner > "$1/DEBIAN/conffiles"
    local script
    for script in preinst postinst prerm postrm; do
        install -m 755 "ops/debian/$script" "$1/DEBIAN/"
    done
    (cd "$1" && find usr -type f -print0 | sort -z | xargs -0 md5sum) > "$1/DEBIAN/md5sums"
}

pack_debian() {  # ROOT
    local name=miner${kind}_${version}_amd64.deb
    find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zzstd -z9 --threads-max=1 --build "$1" "$output/$name.part" > /dev/null
    mv "$output/$name.part" "$output/$name"
}

need_programs patchelf zstd
[ -z "$kind" ] || export MINER_CUDA=ON MINER_CUDA_ARCHITECTURES=release
ops/build.sh "$preset" miner miner_installed
mkdir -p "$output"
output=$(realpath "$output")
# Beside the build, so that what is the same file in both packages is one on disk.
work=$(mktemp -d "$top/build/package.XXXXXX")
trap 'rm -rf "$work"' EXIT
name=miner-$version-linux-x86_64$kind
cmake --install "build/$preset" --component miner --prefix "$work/$name" > "$work/log" || { cat "$work/log" >&2; exit 1; }
strip "$work/$name/bin/miner" "$work/$name/lib/libminer_networks.so"
pack_tarball "$work/$name"
lay_out_debian "$work/$name" "$work/debian"
write_control "$work/debian"
pack_debian "$work/debian"
echo "$(du -sh --apparent-size "$work/$name" | cut -f1) unpacked, $(find "$work/$name/lib" -name '*.so*' | wc -l) libraries, glibc $(needed_glibc "$work/$name") or newer:"
(cd "$output" && ls -sh --block-size=MB "$name.tar.zst" "miner${kind}_${version}_amd64.deb" &&
    sha256sum "$name.tar.zst" "miner${kind}_${version}_amd64.deb")
