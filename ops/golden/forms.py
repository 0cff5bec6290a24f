"""Small pictures in every form that a validator may send, and what Pillow makes of them: tests/golden/pillow/forms.json.

    python ops/golden/forms.py

Each with the hash of `exif_transpose(open(file)).convert("RGBA")`; of 16-bit grey, which Pillow clips, with that of its
high bytes. Needs Pillow, numpy, tifffile and imagecodecs.
"""
import base64
import hashlib
import io
import json
import pathlib
import struct
import zlib

import numpy
import tifffile
from PIL import Image, ImageOps, PngImagePlugin

HERE = pathlib.Path(__file__).resolve().parent
W, H = 13, 10
rng = numpy.random.default_rng(17)
RGB = rng.integers(0, 256, (H, W, 3), dtype=numpy.uint8)
GREY = rng.integers(0, 256, (H, W), dtype=numpy.uint8)
ALPHA = rng.integers(0, 256, (H, W), dtype=numpy.uint8)
ALPHA[0, :3] = 0, 255, 1
RGBA = numpy.dstack([RGB, ALPHA])
INDEX = rng.integers(0, 16, (H, W), dtype=numpy.uint8)
COLOURS = rng.integers(0, 256, (256, 3), dtype=numpy.uint8)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


# GIF, written by hand: every pixel as a code of its own, with a clear code before the table grows.

def lzw(indices, bits):
    clear, codes, out, n, filled = 1 << bits, [], bytearray(), 0, 0
    for i, index in enumerate(indices):
        if i % ((1 << bits) - 2 or 1) == 0:
            codes.append(clear)
        codes.append(int(index))
    for code in codes + [clear + 1]:
        filled |= code << n
        n += bits + 1
        while n >= 8:
            out.append(filled & 255)
            filled >>= 8
            n -= 8
    if n:
        out.append(filled)
    blocks = b"".join(bytes([len(out[i:i + 255])]) + out[i:i + 255] for i in range(0, len(out), 255))
    return bytes([bits]) + blocks + b"\0"


def gif(index, screen=(W, H), at=(0, 0), table=COLOURS[:16], local=None, transparent=None, interlaced=False,
        version=b"GIF89a", bits=4):
    def packed(colours):
        return colours.tobytes()

    def size_of(colours):
        return (len(colours) - 1).bit_length() - 1

    h, w = index.shape
    out = version + struct.pack("<HHBBB", *screen, (0x80 | size_of(table)) if table is not None else 0, 0, 0)
    if table is not None:
        out += packed(table)
    if transparent is not None:
        out += b"!\xf9\x04" + struct.pack("<BHB", 1, 10, transparent) + b"\0"
    out += b"!\xfe\x05hello\0"
    flags = (0x40 if interlaced else 0) | ((0x80 | size_of(local)) if local is not None else 0)
    out += b"," + struct.pack("<HHHHB", *at, w, h, flags)
    if local is not None:
        out += packed(local)
    rows = [y for first, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(first, h, step)] if interlaced else range(h)
    return out + lzw(numpy.concatenate([index[y] for y in rows]), bits) + b";"


def gifs():
    yield "palette", gif(INDEX)
    yield "transparent", gif(INDEX, transparent=5)
    yield "local", gif(INDEX, local=COLOURS[16:32])
    yield "local_only", gif(INDEX, table=None, local=COLOURS[16:32])
    yield "no_table", gif(INDEX, table=None)
    yield "interlaced", gif(INDEX, interlaced=True)
    yield "87a", gif(INDEX, version=b"GIF87a")
    yield "inside", gif(INDEX[:5, :6], at=(3, 2))
    yield "inside_transparent", gif(INDEX[:5, :6], at=(3, 2), transparent=7)
    yield "beyond", gif(INDEX, screen=(5, 4), at=(2, 1))
    yield "two_colours", gif(INDEX & 1, table=COLOURS[:2], bits=2)
    yield "short_table", gif(INDEX, table=COLOURS[:4])
    yield "greys", gif(INDEX, table=numpy.repeat(numpy.arange(16, dtype=numpy.uint8)[:, None], 3, 1), transparent=3)
    frames = [Image.fromarray(INDEX + i, "P") for i in range(3)]
    for frame in frames:
        frame.putpalette(COLOURS.tobytes())
    yield "animated", saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    yield "unended", gif(INDEX)[:-2]


def bmp(rows, bits, palette=b"", compression=0, masks=b"", height=H, header=40, colours=0):
    size = 14 + header + len(palette) + (len(masks) if header == 40 else 0)
    if header == 12:
        info = struct.pack("<IHHHH", 12, W, H, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, W, height, 1, bits, compression, 0, 0, 0, colours, 0)
        info += masks
        if header > 40:
            info += bytes(header - len(info))
    return b"BM" + struct.pack("<IHHI", size + len(rows), 0, 0, size) + info + palette + rows


def rows_of(values, bits):
    """Rows from the last to the first, each filled up to four bytes."""
    out = b""
    for row in values[::-1]:
        if bits < 8:
            text = "".join(format(int(v), f"0{bits}b") for v in row)
            data = int(text.ljust((len(text) + 7) // 8 * 8, "0"), 2).to_bytes((len(text) + 7) // 8, "big")
        else:
            data = row.tobytes()
        out += data + bytes(-len(data) % 4)
    return out


def bmps():
    palette = numpy.dstack([COLOURS[None, :, ::-1], numpy.zeros((1, 256, 1), numpy.uint8)])[0]
    masks = lambda *m: struct.pack(f"<{len(m)}I", *m)
    words = rng.integers(0, 65536, (H, W)).astype("<u2")
    longs = rng.integers(0, 2**32, (H, W)).astype("<u4")
    yield "1", bmp(rows_of(INDEX & 1, 1), 1, palette[:2].tobytes())
    yield "1_black_white", bmp(rows_of(INDEX & 1, 1), 1, bytes([0, 0, 0, 0, 255, 255, 255, 0]))
    yield "4", bmp(rows_of(INDEX, 4), 4, palette[:16].tobytes())
    yield "4_few", bmp(rows_of(INDEX & 7, 4), 4, palette[:8].tobytes(), colours=8)
    yield "8", bmp(rows_of(GREY, 8), 8, palette.tobytes())
    yield "8_few", bmp(rows_of(GREY, 8), 8, palette[:50].tobytes(), colours=50)
    yield "8_grey", saved(Image.fromarray(GREY), "BMP")
    yield "16", bmp(rows_of(words, 16), 16)
    yield "16_565", bmp(rows_of(words, 16), 16, compression=3, masks=masks(0xf800, 0x7e0, 0x1f))
    yield "16_555", bmp(rows_of(words, 16), 16, compression=3, masks=masks(0x7c00, 0x3e0, 0x1f))
    yield "24", bmp(rows_of(RGB, 24), 24)
    yield "24_downwards", bmp(rows_of(RGB, 24), 24, height=-H)
    yield "32", bmp(rows_of(longs, 32), 32)
    yield "32_fields", bmp(rows_of(longs, 32), 32, compression=3, masks=masks(0xff0000, 0xff00, 0xff))
    yield "32_v4_alpha", bmp(rows_of(longs, 32), 32, compression=3, header=108,
                             masks=masks(0xff0000, 0xff00, 0xff, 0xff000000))
    yield "32_v5_rgba", bmp(rows_of(longs, 32), 32, compression=3, header=124,
                            masks=masks(0xff, 0xff00, 0xff0000, 0xff000000))
    yield "32_v5_abgr", bmp(rows_of(longs, 32), 32, compression=3, header=124,
                            masks=masks(0xff000000, 0xff0000, 0xff00, 0xff))
    yield "32_no_masks", bmp(rows_of(longs, 32), 32, compression=3, header=124, masks=masks(0, 0, 0, 0))
    yield "os2_8", bmp(rows_of(GREY, 8), 8, COLOURS[:, ::-1].tobytes(), header=12)
    yield "os2_24", bmp(rows_of(RGB, 24), 24, header=12)
    runs = b"".join(bytes([5, int(r[0]), 0, 4]) + r[5:9].tobytes() + bytes([4, int(r[9]), 0, 0]) for r in GREY[::-1])
    yield "rle8", bmp(runs + b"\0\1", 8, palette.tobytes(), compression=1)
    runs4 = b"".join(bytes([6, int(r[0]) << 4 | int(r[1]), 0, 5, int(r[6]) << 4 | int(r[7]), int(r[8]) << 4 | int(r[9]),
                            int(r[10]) << 4, 0, 2, 0x77, 0, 0]) for r in INDEX[::-1])
    yield "rle4", bmp(runs4 + b"\0\1", 4, palette[:16].tobytes(), compression=2)
    skips = b"\3\x11\0\2\4\1" + b"\2\x22" + b"\0\0" + (b"\x0d\x33\0\0" * (H - 2)) + b"\0\1"
    yield "rle8_skips", bmp(skips, 8, palette.tobytes(), compression=1)
    yield "offset_before_palette", bmp(rows_of(INDEX, 4), 4, palette[:16].tobytes()).replace(
        struct.pack("<I", 54 + 64), struct.pack("<I", 54), 1)


def tiff(data, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, data, metadata=None, software=False, **options)
    return out.getvalue()


def tiffs():
    palette = numpy.ascontiguousarray(COLOURS.T).astype(numpy.uint16) * 257
    yield "rgb", tiff(RGB, photometric="rgb")
    yield "rgb_big_endian", tiff(RGB, photometric="rgb", byteorder=">")
    yield "rgb_lzw", tiff(RGB, photometric="rgb", compression="lzw")
    yield "rgb_lzw_predictor", tiff(RGB, photometric="rgb", compression="lzw", predictor=2)
    yield "rgb_deflate", tiff(RGB, photometric="rgb", compression="zlib")
    yield "rgb_packbits", tiff(RGB, photometric="rgb", compression="packbits")
    yield "rgb_jpeg", saved(Image.fromarray(RGB), "TIFF", compression="jpeg")
    yield "rgb_strips", tiff(RGB, photometric="rgb", rowsperstrip=3, compression="lzw")
    yield "rgb_tiles", tiff(numpy.tile(RGB, (4, 3, 1)), photometric="rgb", tile=(16, 16), compression="zlib")
    yield "rgb_planes", tiff(numpy.ascontiguousarray(RGB.transpose(2, 0, 1)), photometric="rgb", planarconfig="separate")
    yield "rgb_planes_lzw", tiff(numpy.ascontiguousarray(RGB.transpose(2, 0, 1)), photometric="rgb",
                                 planarconfig="separate", compression="lzw", rowsperstrip=4)
    yield "rgb_bigtiff", tiff(RGB, photometric="rgb", bigtiff=True)
    yield "rgb16", tiff(rng.integers(0, 65536, (H, W, 3), dtype=numpy.uint16), photometric="rgb")
    yield "rgb16_big_endian_lzw", tiff(rng.integers(0, 65536, (H, W, 3), dtype=numpy.uint16), photometric="rgb",
                                       byteorder=">", compression="lzw", predictor=2)
    yield "rgba", tiff(RGBA, photometric="rgb", extrasamples=["unassalpha"])
    yield "rgba_premultiplied", tiff(RGBA, photometric="rgb", extrasamples=["assocalpha"])
    yield "rgbx", tiff(RGBA, photometric="rgb", extrasamples=["unspecified"])
    yield "rgba16", tiff(rng.integers(0, 65536, (H, W, 4), dtype=numpy.uint16), photometric="rgb",
                         extrasamples=["unassalpha"], compression="zlib")
    yield "grey", tiff(GREY, photometric="minisblack")
    yield "grey_inverted", tiff(GREY, photometric="miniswhite")
    yield "grey_alpha", saved(Image.fromarray(numpy.dstack([GREY, ALPHA]), "LA"), "TIFF")
    yield "grey1", saved(Image.fromarray(GREY).convert("1"), "TIFF")
    yield "grey1_group4", saved(Image.fromarray(GREY).convert("1"), "TIFF", compression="group4")
    yield "palette", tiff(GREY, photometric="palette", colormap=palette)
    yield "palette_lzw", tiff(GREY, photometric="palette", colormap=palette, compression="lzw")
    cmyk = numpy.dstack([RGB, GREY])
    yield "cmyk", tiff(cmyk, photometric="separated")
    yield "cmyk_deflate", tiff(cmyk, photometric="separated", compression="zlib", predictor=2)
    yield "two_pages", saved(Image.fromarray(RGB), "TIFF", save_all=True, append_images=[Image.fromarray(RGB[::-1])])
    yield "grey16", tiff(rng.integers(0, 65536, (H, W), dtype=numpy.uint16), photometric="minisblack")


def exif_of(orientation, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def xmp_of(orientation, element=False):
    tag = f"<tiff:Orientation>{orientation}</tiff:Orientation>" if element else ""
    attribute = "" if element else f' tiff:Orientation="{orientation}"'
    return (f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"{attribute}>{tag}</rdf:Description>'
            f'</rdf:RDF></x:xmpmeta>')


def with_chunk(png, name, body, at_end=False):
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    at = len(png) - 12 if at_end else 33
    return png[:at] + chunk + png[at:]


def turned():
    png, jpeg = saved(Image.fromarray(RGB), "PNG"), saved(Image.fromarray(RGB), "JPEG", quality=90)
    key = b"Raw profile type exif\0"
    for n in range(1, 9):
        raw = (f"\nexif\n{len(exif_of(n)):8}\n" + exif_of(n, ">").hex() + "\n").encode()
        yield f"png_exif_{n}", with_chunk(png, b"eXIf", exif_of(n))
        yield f"png_exif_prefix_{n}", with_chunk(png, b"eXIf", b"Exif\0\0" + exif_of(n, ">"))
        yield f"png_raw_text_{n}", with_chunk(png, b"tEXt", key + raw)
        yield f"png_raw_ztxt_{n}", with_chunk(png, b"zTXt", key + b"\0" + zlib.compress(raw))
        yield f"png_xmp_{n}", with_chunk(png, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_of(n).encode())
        yield f"png_xmp_deflated_{n}", with_chunk(
            png, b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0XMP\0" + zlib.compress(xmp_of(n, True).encode()))
        yield f"jpeg_exif_{n}", saved(Image.fromarray(RGB), "JPEG", quality=90, exif=b"Exif\0\0" + exif_of(n))
        yield f"jpeg_xmp_{n}", saved(Image.fromarray(RGB), "JPEG", quality=90, xmp=xmp_of(n, n % 2 == 0).encode())
        yield f"webp_exif_{n}", saved(Image.fromarray(RGB), "WEBP", lossless=True, exif=exif_of(n))
        yield f"webp_exif_prefix_{n}", saved(Image.fromarray(RGB), "WEBP", lossless=True, exif=b"Exif\0\0" + exif_of(n))
        yield f"webp_xmp_{n}", saved(Image.fromarray(RGB), "WEBP", lossless=True, xmp=xmp_of(n).encode())
        yield f"tiff_{n}", tiff(RGB, photometric="rgb", extratags=[(274, 3, 1, n, True)])
        yield f"tiff_xmp_{n}", tiff(RGB, photometric="rgb", extratags=[(700, 1, len(xmp_of(n)), xmp_of(n).encode(), True)])
    yield "png_exif_behind_pixels", with_chunk(png, b"eXIf", exif_of(6), at_end=True)
    yield "png_exif_upright_beats_xmp", with_chunk(with_chunk(png, b"eXIf", exif_of(1)), b"iTXt",
                                                  b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_of(6).encode())
    yield "png_exif_beats_raw", with_chunk(with_chunk(png, b"eXIf", exif_of(3)), b"tEXt",
                                           key + b"\nexif\n      26\n" + exif_of(6).hex().encode())
    yield "png_exif_without_tag_leaves_xmp", with_chunk(with_chunk(png, b"eXIf", b"II*\0\x08\0\0\0\0\0\0\0\0\0"), b"iTXt",
                                                       b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_of(8).encode())
    yield "png_last_exif_counts", with_chunk(with_chunk(png, b"eXIf", exif_of(8)), b"eXIf", exif_of(2))
    yield "jpeg_exif_in_two", jpeg[:20] + b"".join(
        b"\xff\xe1" + struct.pack(">H", len(part) + 8) + b"Exif\0\0" + part for part in
        (exif_of(6)[:11], exif_of(6)[11:])) + jpeg[20:]
    yield "png_exif_9", with_chunk(png, b"eXIf", exif_of(9))
    yield "png_xmp_of_another", with_chunk(png, b"iTXt", b"XML:com.adobe.xmx\0\0\0\0\0" + xmp_of(6).encode())


def seen(name, data):
    image = Image.open(io.BytesIO(data))
    if name == "tiff/grey16":
        grey = (numpy.asarray(image) >> 8).astype(numpy.uint8)
        return Image.fromarray(grey).convert("RGBA")
    return ImageOps.exif_transpose(image).convert("RGBA")


def main():
    forms = {}
    for group in (gifs, bmps, tiffs, turned):
        for name, data in group():
            name = f"{group.__name__.rstrip('s')}/{name}"
            try:
                image = seen(name, data)
            except Exception as error:
                print(name, "Pillow:", repr(error))
                continue
            forms[name] = {"file": base64.b64encode(data).decode(), "size": image.size,
                           "rgba_sha256": hashlib.sha256(image.tobytes()).hexdigest()}
    text = ",\n".join(f'"{name}":{json.dumps(form, separators=(",", ":"))}' for name, form in forms.items())
    path = HERE.parents[1] / "tests/golden/pillow/forms.json"
    path.write_text("{\n" + text + "\n}\n")
    print(len(forms), "forms,", path.stat().st_size, "bytes")


main()
