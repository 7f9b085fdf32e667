"""A file of two gigabytes: as slow as it is long, and no hungrier than one of a tenth. Run by `LARGE_FILES=1 pytest -k large -s`."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.faults.home import Home
from tests.makers.files import write_large_csv

BYTES_A_ROW = 60
"""What may be kept for each row more: 12 bytes for each line and each order, and the identifiers of new buyers."""


def peak_mb(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
    except (FileNotFoundError, IndexError):
        return 0


@pytest.mark.skipif(not os.environ.get("LARGE_FILES"), reason="half an hour of work; asked for with LARGE_FILES=1")
@pytest.mark.timeout(7_200)
def test_large_files_need_little_more_memory_than_small_ones(tmp_path: Path) -> None:
    peaks, rows = [], []
    for megabytes in (200, 2_000):
        file = tmp_path / "orders.csv"
        rows.append(write_large_csv(file, megabytes << 20))
        home = Home(tmp_path / str(megabytes))
        home.environment["SIYU_WAREHOUSE_MEMORY"] = "1GB"
        began, peak = time.monotonic(), 0
        command = home.start("import", "orders", str(file), "--json")
        while command.returncode is None:
            peak = max(peak, peak_mb(command.pid))
            time.sleep(0.5)
        out, err = command.communicate()
        assert command.returncode == 0, err
        print(f"{megabytes} MB, {rows[-1]:,} rows: {time.monotonic() - began:.0f} s, at most {peak:,} MB")
        assert json.loads(out)["accepted_count"] == rows[-1]
        peaks.append(peak)
    assert (peaks[1] - peaks[0]) << 20 < (rows[1] - rows[0]) * BYTES_A_ROW
