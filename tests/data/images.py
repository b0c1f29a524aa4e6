"""Image files written byte by byte, so that tests need no image library."""

import pathlib
import struct
import zlib

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6

SHARED = pathlib.Path(__file__).parents[3] / "shared" / "data"


def png(rows, color_type, bit_depth=8, palette=None, transparency=None):
    """Returns a PNG file of `rows`, each the bytes of one line of the image."""
    bits = (
        bit_depth
        * {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}[color_type]
    )
    width = len(rows[0]) * 8 // bits
    header = struct.pack(">IIBBBBB", width, len(rows), bit_depth, color_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    chunks = [chunk(b"IHDR", header)]
    if palette is not None:
        chunks.append(chunk(b"PLTE", bytes(palette)))
    if transparency is not None:
        chunks.append(chunk(b"tRNS", bytes(transparency)))
    chunks += [chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def rgb_png(pixels):
    """Returns a PNG file of uint8 `[height, width, 3]`."""
    return png([row.tobytes() for row in pixels], RGB)


def chunk(kind, content):
    """Returns one part of a PNG file, with its length and checksum."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum
