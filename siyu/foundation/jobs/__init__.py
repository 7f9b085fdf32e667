"""Jobs 任务: coarse, durable work (an import, a recompute, an export); never one job for each person.

Terms: job 任务 (one piece of work, one ledger row) · kind 任务类型 · attempt 尝试 · lease 租约 (how long a
worker holds a job without a heartbeat) · fence 令牌号 (grows with each claim; a worker with an older
one writes nothing) · schedule 定时.
In: `submit` inside the caller's ledger transaction, or a `Schedule`.
Out: the kind's function run by a `Runner` at least once, its effects committed once when written
through `Running.begin` and `Running.save`, and a `Job` that people can watch and cancel.
"""

from siyu.foundation.jobs.job import (
    STATUSES,
    Job,
    JobError,
    JobKind,
    JobPage,
    cancel,
    find_job,
    list_jobs,
    prune,
    retry,
    submit,
)
from siyu.foundation.jobs.runner import Runner
from siyu.foundation.jobs.running import JobCancelled, Running
from siyu.foundation.jobs.schedule import Schedule

__all__ = [
    "STATUSES",
    "Job",
    "JobCancelled",
    "JobError",
    "JobKind",
    "JobPage",
    "Runner",
    "Running",
    "Schedule",
    "cancel",
    "find_job",
    "list_jobs",
    "prune",
    "retry",
    "submit",
]
