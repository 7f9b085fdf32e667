"""Pictures of codes (二维码, 小程序码) as PNG files.

The squares follow from the text but are not the vendor's symbol: a simulated phone reads the text that the file
carries in a `tEXt` chunk, and no real phone can do anything with it.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

import numpy as np

MODULES = 33
FINDER = 7


def code_picture(text: str, width: int = 430, color: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """Return a square PNG of that width with the text inside."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    dark = np.random.default_rng(seed).random((MODULES, MODULES)) < 0.5
    for row, column in ((0, 0), (0, MODULES - FINDER), (MODULES - FINDER, 0)):
        dark[row : row + FINDER, column : column + FINDER] = _finder()
    place = np.arange(width) * (MODULES + 8) // width - 4
    inside = (place >= 0) & (place < MODULES)
    picture = np.zeros((width, width), dtype=bool)
    picture[np.ix_(inside, inside)] = dark[np.ix_(place[inside], place[inside])]
    return _png(picture, text, color)


def _finder() -> np.ndarray:
    ring = np.ones((FINDER, FINDER), dtype=bool)
    ring[1:-1, 1:-1] = False
    ring[2:-2, 2:-2] = True
    return ring


def _png(picture: np.ndarray, text: str, color: tuple[int, int, int]) -> bytes:
    width = picture.shape[1]
    bits = np.packbits(picture, axis=1)
    rows = np.hstack([np.zeros((len(bits), 1), dtype=np.uint8), bits])
    header = struct.pack(">IIBBBBB", width, len(picture), 1, 3, 0, 0, 0)
    words = b"Description\0" + text.encode("ascii", "backslashreplace")
    chunks = (
        (b"IHDR", header),
        (b"PLTE", bytes((255, 255, 255, *color))),
        (b"tEXt", words),
        (b"IDAT", zlib.compress(rows.tobytes())),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
