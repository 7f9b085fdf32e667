"""CDNOW at the command line: a file without order numbers, with amounts instead of prices, and the published fit out of it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.faults.home import Home


def test_the_published_fit_comes_out_of_the_file(shared_data: Path, tmp_path: Path) -> None:
    """Fader, Hardie and Lee (2005): r .243, alpha 4.414, a .793, b 2.426, log-likelihood -9582.4 on the 1/10 sample."""
    lines = pq.read_table(shared_data / "cdnow_master.parquet")
    file = tmp_path / "cdnow_sample.parquet"
    pq.write_table(lines.filter(pc.is_valid(lines["sample_id"])), file)
    home = Home(tmp_path / "home")
    maps = [word for pair in ("ordered_at=order_date", "account=customer_id", "quantity=qty", "amount=value") for word in ("--map", pair)]
    done = json.loads(home.run("import", "orders", str(file), *maps, "--json").stdout)
    # Lines of value 0 are purchases here: the file gives amounts, and a discount may take all of one.
    assert (done["accepted_count"], done["order_count"], done["gift_line_count"]) == (6_919, 6_919, 0)
    assert (done["customer_count"], done["amount_fen"]) == (2_357, 24_409_194)
    found = json.loads(home.run("report", "value", "--as-of", "1997-09-30", "--model", "bg_nbd", "--json").stdout)
    fitted = {name: each["value"] for name, each in found["parameters"].items()}
    assert fitted == pytest.approx({"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, abs=5e-4)
    assert found["log_likelihood"] == pytest.approx(-9582.429, abs=5e-3)
    assert [found["monetary"][name] for name in ("p", "q", "gamma")] == pytest.approx([6.25, 3.74, 15.44], abs=5e-3)
    assert found["monetary"]["customer_count"] == 946
    again = json.loads(home.run("import", "orders", str(file), *maps, "--json").stdout)
    assert again["unchanged_count"] == 6_919
