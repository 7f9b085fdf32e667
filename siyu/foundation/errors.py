"""Errors 错误: one root, with what a caller may do about it."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from siyu.foundation.text import Text

Retry = Literal["never", "later", "at"]


class Fault(NamedTuple):
    """One thing that is wrong: where (`field`: a dotted path, a row or a setting) and what."""

    field: str
    message: Text


class SiyuError(Exception):
    """Root of every error that a person may see.

    `code` is stable and may be translated or matched; `http_status` is what the API answers; `retry` says whether the
    same call can succeed later. `faults` lists every fault found, not the first. `way_out` says what to do next.
    """

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    retry: ClassVar[Retry] = "never"
    title: ClassVar[Text] = Text("出错了", "Something went wrong")

    def __init__(self, message: Text, *, faults: list[Fault] | None = None, way_out: Text | None = None) -> None:
        super().__init__(message.en)
        self.message = message
        self.faults = faults or []
        self.way_out = way_out


class InvalidError(SiyuError):
    """What was sent or configured is not valid; every fault is in `faults`."""

    code = "invalid"
    http_status = 422
    title = Text("内容有误", "Not valid")


class NotFoundError(SiyuError):
    code = "not_found"
    http_status = 404
    title = Text("没有找到", "Not found")


class ConflictError(SiyuError):
    """The thing changed meanwhile, or already exists."""

    code = "conflict"
    http_status = 409
    title = Text("有冲突", "Conflict")


class NotAllowedError(SiyuError):
    code = "not_allowed"
    http_status = 403
    title = Text("没有权限", "Not allowed")


class NotLoggedInError(SiyuError):
    code = "not_logged_in"
    http_status = 401
    title = Text("请先登录", "Please log in")


class TooManyRequestsError(SiyuError):
    code = "too_many_requests"
    http_status = 429
    retry = "later"
    title = Text("请求太频繁", "Too many requests")


class TooLargeError(SiyuError):
    code = "too_large"
    http_status = 413
    title = Text("内容过大", "Too large")


class UnavailableError(SiyuError):
    """A store or an outside service is not to be had just now."""

    code = "unavailable"
    http_status = 503
    retry = "later"
    title = Text("暂时不可用", "Not available just now")
