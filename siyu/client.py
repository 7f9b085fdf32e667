"""Client 客户端: the API as the command line uses it: JSON in and out, uploads streamed, jobs followed to their end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from siyu.foundation.errors import SiyuError
from siyu.foundation.text import Text

PART = 1 << 20


class RefusedError(SiyuError):
    """What the server answered instead of a result."""

    code = "refused"

    def __init__(self, problem: dict[str, Any]) -> None:
        said = str(problem.get("detail", problem))
        way_out = problem.get("way_out")
        super().__init__(Text(said, said), way_out=Text(way_out, way_out) if way_out else None)
        self.problem = problem


class Client:
    """One server, spoken to with a token."""

    def __init__(self, url: str, token: str, language: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        self._http = httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=httpx.Timeout(30, read=600), trust_env=False)

    def get(self, path: str, **query: Any) -> Any:
        return self._answer(self._http.get(path, params={k: v for k, v in query.items() if v is not None}))

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return self._answer(self._http.post(path, json=body, params={k: v for k, v in query.items() if v is not None}))

    def patch(self, path: str, body: Any) -> Any:
        return self._answer(self._http.patch(path, json=body))

    def delete(self, path: str) -> Any:
        return self._answer(self._http.delete(path))

    def text(self, path: str) -> str:
        answer = self._http.get(path)
        if answer.is_error:
            self._answer(answer)
        return answer.text

    def upload(self, path: str, file: Path, seen: Callable[[int], None], **query: Any) -> Any:
        def parts() -> Iterator[bytes]:
            sent = 0
            with file.open("rb") as source:
                while part := source.read(PART):
                    sent += len(part)
                    seen(sent)
                    yield part

        return self._answer(self._http.put(path, content=parts(), params={k: v for k, v in query.items() if v is not None}))

    def follow(self, job_id: str, told: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Wait for the end of a job, telling each state; returns the job."""
        while True:
            job: dict[str, Any] = self.get(f"/jobs/{job_id}")
            told(job)
            if job["status"] not in ("queued", "running"):
                return job
            time.sleep(0.15)

    def close(self) -> None:
        self._http.close()

    def _answer(self, answer: httpx.Response) -> Any:
        if answer.is_error:
            try:
                raise RefusedError(answer.json())
            except ValueError as error:
                raise RefusedError({"detail": f"HTTP {answer.status_code}"}) from error
        return answer.json() if answer.content else None
