"""Draws the letters of contact sheets: miner/report/letters.png.

    python ops/rehearsal/letters.py

The 95 printable ASCII characters of DejaVu Sans Mono (Debian's fonts-dejavu-core; its licence allows it), grey, side by
side in cells of 8 x 16 pixels. Needs pillow.
"""
import pathlib

from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
WIDTH, HEIGHT, SIZE = 8, 16, 13


def main():
    font = ImageFont.truetype(FONT, SIZE, layout_engine=ImageFont.Layout.BASIC)
    sheet = Image.new("L", (WIDTH * 95, HEIGHT))
    for i in range(95):
        cell = Image.new("L", (WIDTH, HEIGHT))
        ImageDraw.Draw(cell).text((0, 0), chr(32 + i), fill=255, font=font)
        sheet.paste(cell, (WIDTH * i, 0))
    sheet.save(pathlib.Path(__file__).resolve().parents[2] / "miner/report/letters.png", optimize=True)


if __name__ == "__main__":
    main()
