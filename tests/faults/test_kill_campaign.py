"""kill -9 of the process that moves campaigns on: every wave begins exactly once, and what was asked of messaging is asked once."""

from __future__ import annotations

import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from siyu.app import FACTS, job_kinds
from siyu.campaigns.tasks import DRIVE, ask_to_drive
from siyu.foundation import faults
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.jobs import Runner
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.messaging import sends
from tests.conftest import SetClock
from tests.faults.commands import forks
from tests.makers.campaigns import Office, approved_and_scheduled, open_office, put_segment, set_send, written

PATIENCE = 120
TWO = [{"share": 0.1, "wait_hours": 24}, {"share": 0.9}]
POINTS = ("campaign.beginning", "campaign.begun") if "ALL_KILLS" not in os.environ else ("campaign.beginning", "campaign.begun", "campaign.starting", "campaign.beginning")


def _driver(home: Path, url: str, at: datetime, fault: str) -> None:
    """A worker process: it takes the jobs that wait."""
    settings = Settings(home=home, secret_key="ab" * 32, database_url=url)
    stores = Stores(settings, open_ledger(url), attach(DuckDBEngine(None, "300MB", 1), FACTS), load_secrets(settings), lambda: at)
    faults.ask(fault)
    Runner(stores, [kind for kind in job_kinds() if kind.name == DRIVE]).run_pending()
    stores.close()


def _drive(office: Office, url: str, fault: str = "") -> bool:
    """Whether it was killed."""
    stores = office.stores
    job = metadata.tables["jobs_job"]
    with stores.ledger.begin() as tx:
        # A worker that died keeps its lease for half a minute of real time.
        tx.execute(update(job).where(job.c.status == "running").values(lease_until_ms=0))
        ask_to_drive(stores, tx)
    process = forks.Process(target=_driver, args=(stores.settings.home, url, stores.now(), fault))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.parametrize("ledger_url", ["sqlite", "postgresql"] if "ALL_KILLS" in os.environ else ["sqlite"], indirect=True)
def test_every_wave_begins_once_though_its_driver_is_killed(any_stores: Stores, ledger_url: str, clock: SetClock) -> None:
    office = open_office(any_stores)
    made = approved_and_scheduled(office, written(put_segment(any_stores, range(1, 11)), starts=None, waves=TWO))
    killed = 0
    for number in range(2):
        for point in POINTS:
            killed += _drive(office, ledger_url, f"{point}=kill:1")
            clock.at += timedelta(minutes=2)
        assert not _drive(office, ledger_url)
        with any_stores.ledger.read() as tx:
            found = sorted(sends.list_sends(tx, ref_prefix=f"campaign:{made}:"), key=lambda one: one.id)
            waves = tx.execute(select(metadata.tables["campaigns_wave"].c.send_id).order_by(metadata.tables["campaigns_wave"].c.number)).scalars().all()
        assert [one.ref for one in found] == [f"campaign:{made}:{wave}" for wave in range(number + 1)]
        assert waves == [*(one.id for one in found), *[None] * (1 - number)]
        set_send(any_stores, found[-1].id, "over")
        clock.at += timedelta(hours=25)
    assert not _drive(office, ledger_url)
    done = office.ask("ann", "GET", f"/{made}")
    told = [each["what"] for each in done["happenings"]]
    assert (done["status"], told.count("started"), told.count("over"), killed >= 2) == ("over", 1, 1, True)
    with any_stores.ledger.read() as tx:
        audit = metadata.tables["team_audit"]
        begun = tx.scalars(select(audit.c.detail).where(audit.c.action == "campaign.wave_begun").order_by(audit.c.id)).all()
    assert [one["wave"] for one in begun] == [0, 1]
