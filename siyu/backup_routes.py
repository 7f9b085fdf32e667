"""Backups over HTTP: started as a job, fetched as one file, and thrown away."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from siyu import backup
from siyu.foundation import jobs
from siyu.foundation.http import Router
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/system/backups", tags=["system"])
Keeper = Annotated[Access, Depends(require("backups.write"))]


class BackupStarted(BaseModel):
    job_id: str


@router.post("", summary="Make a backup of everything but the master key", status_code=202)
def make_backup(access: Keeper) -> BackupStarted:
    now = access.stores.now()
    with access.stores.ledger.begin() as tx:
        audit.record(tx, access.actor, backup.MAKE, "backup", {}, now)
        return BackupStarted(job_id=jobs.submit(tx, backup.MAKE, {}, now=now, key="backup", created_by=access.actor.name))


@router.get("/{job_id}", summary="Fetch a backup as a tar file", response_class=StreamingResponse)
def fetch_backup(job_id: str, access: Keeper) -> StreamingResponse:
    size, parts = backup.archive(access.stores.settings, job_id)
    with access.stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "backup.fetched", f"job:{job_id}", {"bytes": size}, access.stores.now())
    headers = {"Content-Length": str(size), "Content-Disposition": f'attachment; filename="siyu-{job_id}.tar"'}
    return StreamingResponse(parts, media_type="application/x-tar", headers=headers)


@router.delete("/{job_id}", summary="Throw away the server's copy of a backup", status_code=204)
def discard_backup(job_id: str, access: Keeper) -> None:
    backup.discard(access.stores.settings, job_id)
