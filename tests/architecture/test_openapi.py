"""The API document that the console is typed by is that of the program."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_consoles_api_document_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "openapi.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
