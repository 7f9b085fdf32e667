"""Cut the Chinese font of PDFs anew: python tools/font.py WQY-MICROHEI.TTC (Debian's fonts-wqy-microhei). Needs fonttools, which the product does not."""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

TO = Path(__file__).parents[1] / "siyu" / "measurement" / "fonts" / "wenquanyi-micro-hei.ttf"
RANGES = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x204F), (0x20A0, 0x20BF), (0x2190, 0x2199), (0x2200, 0x226F),
    (0x25A0, 0x25FF), (0x3000, 0x303F), (0x4E00, 0x9FA5), (0xFF00, 0xFFEF),
)  # fmt: skip


def main(collection: str) -> None:
    font = TTCollection(collection).fonts[0]
    options = subset.Options()
    options.hinting, options.layout_features, options.notdef_outline = False, [], True
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "vhea", "vmtx", "VORG", "BASE"]
    cut = subset.Subsetter(options)
    cut.populate(unicodes=[letter for low, high in RANGES for letter in range(low, high + 1)])
    cut.subset(font)
    font.save(TO)
    print(f"{TO}: {TO.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
