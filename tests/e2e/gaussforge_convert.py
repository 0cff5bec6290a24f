"""Converts a file of Gaussians by GaussForge, which has Niantic's own reader and writer of SPZ:

    .venv/bin/python tests/e2e/gaussforge_convert.py IN OUT [SPZ_VERSION]     both .ply or .spz
"""
import pathlib
import sys

import gaussforge


def main():
    source, target = (pathlib.Path(name) for name in sys.argv[1:3])
    version = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    # Its read() of 0.6.0 fails with std::bad_cast, whatever is read.
    made = gaussforge.GaussForge().convert(source.read_bytes(), source.suffix[1:], target.suffix[1:], spz_version=version)
    if "error" in made:
        sys.exit(made["error"])
    target.write_bytes(made["data"])


main()
