"""Client 客户端: the API as the command line uses it: JSON in and out, uploads streamed, jobs followed to their end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from siyu.foundation.errors import SiyuError, UnavailableError
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
        return _read(self._ask("GET", path, params=_given(query)))

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return _read(self._ask("POST", path, json=body, params=_given(query)))

    def patch(self, path: str, body: Any) -> Any:
        return _read(self._ask("PATCH", path, json=body))

    def delete(self, path: str) -> Any:
        return _read(self._ask("DELETE", path))

    def text(self, path: str) -> str:
        return self._ask("GET", path).text

    def download(self, path: str, file: BinaryIO, seen: Callable[[int], None]) -> None:
        try:
            with self._http.stream("GET", path) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refused(answer)
                for part in answer.iter_bytes(PART):
                    file.write(part)
                    seen(file.tell())
        except httpx.TransportError as error:
            raise _broken_off() from error

    def upload(self, path: str, file: Path, seen: Callable[[int], None], **query: Any) -> Any:
        def parts() -> Iterator[bytes]:
            sent = 0
            with file.open("rb") as source:
                while part := source.read(PART):
                    sent += len(part)
                    seen(sent)
                    yield part

        return _read(self._ask("PUT", path, content=parts(), params=_given(query)))

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

    def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **what)
        except httpx.TransportError as error:
            raise _broken_off() from error
        if answer.is_error:
            raise _refused(answer)
        return answer


def _broken_off() -> UnavailableError:
    return UnavailableError(
        Text("与 siyu 服务的连接断了", "the connection to the siyu server broke off"),
        way_out=Text("服务重新启动后再运行一次；已开始的任务会接着做", "run it again once the server is back; what has begun goes on"),
    )


def _refused(answer: httpx.Response) -> RefusedError:
    try:
        return RefusedError(answer.json())
    except ValueError:
        return RefusedError({"detail": f"HTTP {answer.status_code}"})


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _read(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None


class Control:
    """The control API of a sandbox on this machine: JSON in and out, no log-in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/sandbox", timeout=10, trust_env=False)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer; UnavailableError when the sandbox is gone, RefusedError when it says no."""
        try:
            answer = self._http.request(method, f"/{path}", json=body)
        except httpx.TransportError as error:
            raise UnavailableError(Text("沙盒没有回答", "the sandbox does not answer")) from error
        if answer.is_error:
            raise RefusedError({"detail": answer.text[:500]})
        return answer.json()

    def close(self) -> None:
        self._http.close()
