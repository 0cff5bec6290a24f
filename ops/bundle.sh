#!/usr/bin/env bash
# What `cmake --install --component miner` cannot copy: the libraries that a program loads, their licences, and what the program
# prints of itself. For ops/cmake/install.cmake.
#   ops/bundle.sh PROGRAM NETWORKS PREFIX [LIBRARY ...]
# PROGRAM and the library NETWORKS, which it opens, run where they were built; their libraries are those that the loader takes
# for them and for each LIBRARY, which somebody opens by name. They go to PREFIX/lib under the name that they are asked for,
# glibc's left out: that one is the machine's.
set -euo pipefail
program=$1
networks=$2
prefix=$3
shift 3
lib=$prefix/lib
doc=$prefix/share/doc/miner
unset LD_LIBRARY_PATH LD_PRELOAD
command -v patchelf > /dev/null || { echo "bundle: no patchelf here: apt-get install patchelf" >&2; exit 1; }

# Of the machine: glibc, and the driver's, which must fit its kernel module.
of_the_machine='^(ld-linux-x86-64|lib(c|m|dl|rt|pthread|util|resolv|anl|mvec))\.so|^lib(cuda|nvidia-ml)\.so'

# "NAME PATH" of each library, one a line.
loaded() {
    local lines file
    for file in "$program" "$networks" "$@"; do
        lines=$(ldd "$file")
        if grep -v -E "^\s*lib(cuda|nvidia-ml)\.so" <<< "$lines" | grep "not found"; then
            echo "bundle: $file lacks these libraries here" >&2
            return 1
        fi
        sed -n 's/^\s*\([^ /]*\) => \(\/.*\) (0x[0-9a-f]*)$/\1 \2/p' <<< "$lines"
    done
    for file in "$@"; do echo "$(basename "$file") $file"; done
}

copy_libraries() {
    local name path tags
    while read -r name path; do
        if [[ $name =~ $of_the_machine || -e $lib/$name ]]; then continue; fi
        install -m 644 "$(realpath "$path")" "$lib/$name"
        # Where each came from, for what follows.
        echo "$name $(realpath "$path")" >> "$work/libraries"
        # One that says where it looks shall look here, and nowhere else.
        tags=$(readelf -d "$lib/$name")
        if grep -qE '\((RPATH|RUNPATH)\)' <<< "$tags"; then
            patchelf --force-rpath --set-rpath "\$ORIGIN" "$lib/$name"
        fi
    done
}

# Whose a file is: "package version" by dpkg, or "wheel version", and the files that say under which terms.
origin_of() {
    local path=$1 package wheel record
    if package=$(dpkg -S "$path" 2> /dev/null || dpkg -S "${path#/usr}" 2> /dev/null); then
        package=${package%%:*}
        echo "$package $(dpkg-query -W -f='${Version}\n' "$package" | sed -n 1p)"
        echo "/usr/share/doc/$package/copyright"
        return
    fi
    local site=${path%%/site-packages/*}/site-packages
    record=$(grep -lF "${path#"$site/"}," "$site"/*.dist-info/RECORD | sed -n 1p)
    wheel=$(basename "$(dirname "$record")" .dist-info)
    echo "${wheel/-/ }"
    # Some wheels keep them beside the library.
    grep -oiE "^(${wheel%%-*}-[^/]*\.dist-info/([^,]*/)?|nvidia/[^,]*/)(licen[cs]e|notice)[^/,]*," "$record" | sed "s|^|$site/|; s|,$||"
}

write_licences() {
    local name path origin said common
    install -d "$doc/licences"
    while read -r name path; do
        mapfile -t said < <(origin_of "$path")
        origin=${said[0]}
        printf '%-40s %s\n' "$name" "$origin"
        [ ${#said[@]} -gt 1 ] || { echo "bundle: no licence of $path" >&2; return 1; }
        for file in "${said[@]:1}"; do
            local target=$doc/licences/${origin%% *}/${file##*/licenses/}
            [[ $file == */licenses/* ]] || target=$doc/licences/${origin%% *}/$(basename "$file")
            install -D -m 644 "$file" "$target"
        done
    done < <(LC_ALL=C sort "$work/libraries") > "$doc/libraries.txt"
    # Debian's statements refer to texts that every Debian has, and nobody else.
    grep -rhoE '/usr/share/common-licenses/[A-Za-z0-9.+-]*[A-Za-z0-9]' "$doc/licences" | sort -u | while read -r common; do
        [ ! -f "$common" ] || install -D -m 644 "$common" "$doc/licences/common-licenses/$(basename "$common")"
    done
}

# By the program where it will lie: it starts there, with nothing but what was copied.
write_its_own_pages() {
    local miner=$prefix/bin/miner share=$prefix/share
    install -d "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/vendor-completions" \
        "$share/fish/vendor_completions.d" "$share/miner"
    "$miner" completion man > "$share/man/man1/miner.1"
    "$miner" completion bash > "$share/bash-completion/completions/miner"
    "$miner" completion zsh > "$share/zsh/vendor-completions/_miner"
    "$miner" completion fish > "$share/fish/vendor_completions.d/miner.fish"
    "$miner" config --toml > "$share/miner/miner.toml"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
install -d "$lib" "$doc"
rm -rf "${lib:?}"/*.so* "$doc/licences"
loaded "$@" > "$work/loaded"
copy_libraries < "$work/loaded"
write_licences
write_its_own_pages
