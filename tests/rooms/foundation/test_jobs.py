"""Asking for jobs, watching them, cancelling and retrying: what the ledger promises without any runner."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from siyu.foundation.errors import ConflictError, NotFoundError
from siyu.foundation.jobs import (
    Job,
    JobKind,
    Runner,
    Running,
    cancel,
    find_job,
    list_jobs,
    retry,
    submit,
)
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def nothing(running: Running) -> None:
    return None


IMPORT = JobKind(
    "orders.import", Text("导入订单", "Import orders"), nothing, link=lambda of: f"/imports/{of['file']}"
)
REPORT = JobKind("reports.make", Text("生成报告", "Make a report"), nothing)
KINDS = [IMPORT, REPORT]


def ask(stores: Stores, kind: str = "orders.import", **more: Any) -> str:
    with stores.ledger.begin() as tx:
        return submit(tx, kind, {"file": "a.csv"}, now=NOW, **more)


def look(stores: Stores, job_id: str) -> Job:
    with stores.ledger.read() as tx:
        return find_job(tx, job_id, KINDS)


def test_a_submitted_job_is_queued_and_described_in_both_languages(stores: Stores) -> None:
    job = look(stores, ask(stores, created_by="alice"))
    assert (job.status, job.title, job.created_by) == ("queued", Text("导入订单", "Import orders"), "alice")
    assert (job.created_at, job.started_at, job.ended_at) == (NOW, None, None)
    assert (job.arguments, job.result, job.error, job.message) == ({"file": "a.csv"}, None, None, None)
    assert (job.progress, job.done_count, job.total_count, job.attempts, job.eta_seconds) == (
        None,
        0,
        None,
        0,
        None,
    )
    assert (job.can_cancel, job.can_retry, job.link) == (True, False, "/imports/a.csv")


def test_a_rolled_back_transaction_leaves_no_job(stores: Stores) -> None:
    def fail_after_submit() -> None:
        with stores.ledger.begin() as tx:
            submit(tx, "orders.import", {}, now=NOW)
            raise ValueError("the caller changed its mind")

    with pytest.raises(ValueError, match="changed its mind"):
        fail_after_submit()
    with stores.ledger.read() as tx:
        assert list_jobs(tx, KINDS).total == 0
    assert Runner(stores, KINDS).run_pending() == 0


def test_a_key_stands_for_one_unfinished_job_of_a_kind(stores: Stores) -> None:
    first = ask(stores, key="all")
    assert ask(stores, key="all") == first
    assert ask(stores, key="other") != first
    assert ask(stores, "reports.make", key="all") != first
    assert ask(stores) != ask(stores)


def test_a_key_is_free_again_when_its_job_has_ended(stores: Stores) -> None:
    first = ask(stores, key="all")
    assert Runner(stores, KINDS).run_pending() == 1
    assert ask(stores, key="all") != first


def test_many_processes_that_ask_with_one_key_at_once_get_one_job(
    make_stores: Callable[..., Stores],
) -> None:
    several = [make_stores() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda stores: ask(stores, key="all"), several))
    assert len(set(found)) == 1


def test_a_queued_job_is_cancelled_at_once_and_never_runs(stores: Stores) -> None:
    job_id = ask(stores)
    with stores.ledger.begin() as tx:
        cancel(tx, job_id, NOW + timedelta(seconds=5))
    job = look(stores, job_id)
    assert (job.status, job.ended_at, job.can_cancel, job.can_retry) == (
        "cancelled",
        NOW + timedelta(seconds=5),
        False,
        True,
    )
    assert Runner(stores, KINDS).run_pending() == 0


def test_a_cancelled_job_can_be_retried(stores: Stores) -> None:
    job_id = ask(stores)
    with stores.ledger.begin() as tx:
        cancel(tx, job_id, NOW)
    with stores.ledger.begin() as tx:
        retry(tx, job_id, NOW)
    assert look(stores, job_id).status == "queued"
    assert Runner(stores, KINDS).run_pending() == 1
    assert look(stores, job_id).status == "done"


def test_what_has_ended_cannot_be_cancelled_and_what_has_not_failed_cannot_be_retried(stores: Stores) -> None:
    job_id = ask(stores)
    with stores.ledger.begin() as tx, pytest.raises(ConflictError):
        retry(tx, job_id, NOW)
    Runner(stores, KINDS).run_pending()
    with stores.ledger.begin() as tx, pytest.raises(ConflictError):
        cancel(tx, job_id, NOW)
    with stores.ledger.begin() as tx, pytest.raises(ConflictError):
        retry(tx, job_id, NOW)


def test_a_retry_does_not_make_a_second_unfinished_job_of_a_key(stores: Stores) -> None:
    first = ask(stores, key="all")
    with stores.ledger.begin() as tx:
        cancel(tx, first, NOW)
    second = ask(stores, key="all")
    with stores.ledger.begin() as tx:
        with pytest.raises(ConflictError):
            retry(tx, first, NOW)
        # The caller's transaction is still good.
        assert find_job(tx, second, KINDS).status == "queued"
    assert look(stores, first).status == "cancelled"


@pytest.mark.parametrize("act", [cancel, retry])
def test_an_unknown_job_is_not_found(stores: Stores, act: Callable[..., None]) -> None:
    with stores.ledger.begin() as tx, pytest.raises(NotFoundError):
        act(tx, "job_none", NOW)
    with pytest.raises(NotFoundError):
        look(stores, "job_none")


def test_lists_go_from_new_to_old_page_by_page(stores: Stores) -> None:
    ids = [ask(stores, "reports.make" if number % 3 == 0 else "orders.import") for number in range(7)][::-1]
    with stores.ledger.read() as tx:
        first = list_jobs(tx, KINDS, limit=4)
        second = list_jobs(tx, KINDS, limit=4, before=first.next_before)
        reports = list_jobs(tx, KINDS, kind="reports.make")
        ended = list_jobs(tx, KINDS, status="done")
        with pytest.raises(NotFoundError):
            list_jobs(tx, KINDS, before="job_none")
    assert [job.id for job in first.items + second.items] == ids
    assert (first.total, second.total, second.next_before) == (7, 7, None)
    assert {job.kind for job in reports.items} == {"reports.make"}
    assert (reports.total, ended.total) == (3, 0)


def test_a_job_of_a_kind_that_this_version_does_not_know_is_shown_and_left_alone(stores: Stores) -> None:
    job_id = ask(stores, "future.kind")
    assert Runner(stores, KINDS).run_pending() == 0
    job = look(stores, job_id)
    assert (job.status, job.title, job.link) == ("queued", Text("future.kind", "future.kind"), None)
