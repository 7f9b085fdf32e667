"""The API document that the console is typed by is that of the program, and every shape in it has a name of its own."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_consoles_api_document_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "openapi.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_two_rooms_give_one_name_to_different_shapes() -> None:
    """Where two do, the document names both by the paths of their files, and so must every client."""
    document = json.loads((ROOT / "console" / "openapi.json").read_text(encoding="utf-8"))
    names = list(document["components"]["schemas"])
    assert len(names) > 100
    assert [name for name in names if "__" in name] == []
