#!/usr/bin/env python3
"""For which GPUs a program or object file has code: what nvcc put into its section .nv_fatbin, without a toolkit.

    ops/gpu/code.py FILE [ARCHITECTURE ...]

Prints each of its kernels' sources with what there is for it, and fails if one lacks an ARCHITECTURE (as in 8.6 or 12.0+PTX).
The section is a row of containers, one a source: a header (magic, version, its own size, the bytes that follow), then entries,
each with a header (kind, version, its own size, the bytes that follow; at 28 the architecture). Nobody documents it: what is not
as expected is an error.
"""
import struct
import sys

MAGIC = 0xBA55ED50
PTX, MACHINE_CODE = 1, 2


class Unreadable(Exception):
    pass


def section(elf, wanted):
    """The bytes of the section of that name; none if there is none."""
    if elf[:6] != b"\x7fELF\x02\x01":
        raise Unreadable("no ELF file of 64 bits")
    table, = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", elf, table + i * size) for i in range(count)]
    strings = headers[names][4]
    found = b""
    for name, _, _, _, offset, length in headers:
        if elf[strings + name:elf.index(b"\0", strings + name)] == wanted:
            found += elf[offset:offset + length]
    return found


def entries(container):
    """(kind, architecture) of each."""
    at = 0
    while at < len(container):
        kind, _, header, size = struct.unpack_from("<HHIQ", container, at)
        architecture, = struct.unpack_from("<I", container, at + 28)
        if header < 32 or at + header + size > len(container) or not 50 <= architecture < 1000:
            raise Unreadable(f"an entry at {at} of kind {kind} for {architecture}, {header} + {size} bytes")
        yield kind, architecture
        at += header + size


def containers(fatbin):
    """For each source: the architectures that it has code for, as in 8.6, and PTX, as in 12.0+PTX."""
    at = 0
    while at + 16 <= len(fatbin):
        magic, _, header, size = struct.unpack_from("<IHHQ", fatbin, at)
        if magic == 0:  # filled up to the next one's alignment
            at += 8
            continue
        if magic != MAGIC or header < 16 or at + header + size > len(fatbin):
            raise Unreadable(f"no container at {at}")
        code = []
        for kind, architecture in entries(fatbin[at + header:at + header + size]):
            if kind in (PTX, MACHINE_CODE):
                code.append(f"{architecture // 10}.{architecture % 10}" + ("+PTX" if kind == PTX else ""))
        yield code
        at += header + size


def main():
    path, wanted = sys.argv[1], sys.argv[2:]
    try:
        with open(path, "rb") as file:
            fatbin = section(file.read(), b".nv_fatbin")
        found = [set(code) for code in containers(fatbin)]
    except (OSError, Unreadable, struct.error, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    # "12.0+PTX" is machine code for 12.0 and PTX.
    wanted = {one for name in wanted for one in (name, name.removesuffix("+PTX"))}
    both = set.intersection(*found) if found else set()
    everything = set.union(*found) if found else set()
    order = sorted(everything, key=lambda name: (float(name.removesuffix("+PTX")), name))
    print(f"{path}: {len(found)} sources of kernels, {len(fatbin) / 1e6:.1f} MB, for {' '.join(order) or 'no GPU'}")
    for name in sorted(wanted - both):
        print(f"  lacking in {sum(name not in code for code in found) or 'all'}: {name}", file=sys.stderr)
    return not wanted <= both


if __name__ == "__main__":
    sys.exit(main())
