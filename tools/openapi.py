"""Writes the API document that the console's client is typed by: ``python tools/openapi.py``; ``--check`` only compares.

The document is built from the product itself, on stores in memory: no data folder is opened or made.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sqlalchemy import create_engine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from siyu.app import FACTS, build  # noqa: E402
from siyu.foundation.database import Ledger  # noqa: E402
from siyu.foundation.secrets import load_secrets  # noqa: E402
from siyu.foundation.settings import Settings  # noqa: E402
from siyu.foundation.stores import Stores, closing  # noqa: E402
from siyu.foundation.warehouse.connect import attach  # noqa: E402
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine  # noqa: E402

DOCUMENT = ROOT / "console" / "openapi.json"
REWRITE = "run: .venv/bin/python tools/openapi.py && (cd console && npm run api)"


def document() -> str:
    """The API document as text; equal programs give equal texts."""
    settings = Settings(home=Path("/nowhere"), secret_key="0" * 64)
    stores = Stores(
        settings, Ledger(create_engine("sqlite://")), attach(DuckDBEngine(None, "100MB", 1), FACTS), load_secrets(settings)
    )
    with closing(stores):
        return json.dumps(build(stores).openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def is_fresh() -> bool:
    return DOCUMENT.is_file() and DOCUMENT.read_text(encoding="utf-8") == document()


def main(arguments: list[str] | None = None) -> int:
    """0: written, or (``--check``) up to date; 1: out of date."""
    parser = argparse.ArgumentParser(description="Write console/openapi.json.")
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    if parser.parse_args(arguments).check:
        fresh = is_fresh()
        print("console/openapi.json is up to date" if fresh else f"console/openapi.json is out of date; {REWRITE}")
        return 0 if fresh else 1
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
