"""Problems 错误应答: every error leaves as problem+json; the unforeseen as an id, told in the log."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy import exc
from starlette.exceptions import HTTPException

from siyu.foundation.errors import InvalidError, NotFoundError, SiyuError, TooLargeError, UnavailableError
from siyu.foundation.http import problem_response
from siyu.foundation.ids import new_id
from siyu.foundation.text import Text
from siyu.web.sentences import to_faults

log = logging.getLogger("siyu.web")


class InternalError(SiyuError):
    """A fault of ours. Says nothing but the id under which the log tells more."""

    code = "internal"
    http_status = 500
    title = Text("系统内部出错", "Internal error")


class MethodNotAllowedError(SiyuError):
    code = "method_not_allowed"
    http_status = 405
    title = Text("不支持这个操作", "Method not allowed")


class BadRequestError(SiyuError):
    code = "bad_request"
    http_status = 400
    title = Text("请求有误", "Bad request")


class MisdirectedError(SiyuError):
    """The Host header names another place (DNS rebinding, or a proxy that was not declared)."""

    code = "misdirected"
    http_status = 421
    title = Text("地址不对", "Wrong address")


def install_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(SiyuError, _on_siyu_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)


def unexpected_response(request: Request, error: Exception) -> Response:
    """A 500 (503 when the ledger cannot be reached) that carries an id; the log has the id and the trace."""
    error_id = new_id("err")
    log.error("%s %s", error_id, "\n".join(_trace(error)))
    if isinstance(error, exc.OperationalError | exc.TimeoutError):
        message = Text(
            "数据库暂时不可用，请稍后再试", "The database is not available just now; try again soon"
        )
        return problem_response(request, UnavailableError(message), error_id=error_id)
    told = InternalError(
        Text(f"系统内部出错，编号 {error_id}", f"Something went wrong inside; its id is {error_id}"),
        way_out=Text(
            "请把编号告诉管理员，日志里有详情", "tell the administrator the id; the log has the details"
        ),
    )
    return problem_response(request, told, error_id=error_id)


def _trace(error: BaseException | None) -> Iterator[str]:
    """Types and code lines of an error and its causes, outermost first; messages quote personal data."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _on_siyu_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SiyuError)
    return problem_response(request, error)


def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = to_faults(error.errors())
    message = Text(f"有 {len(faults)} 处内容不对", f"{len(faults)} thing(s) are not valid")
    return problem_response(request, InvalidError(message, faults=faults))


def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    answer = problem_response(request, _named(error.status_code))
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def _named(status: int) -> SiyuError:
    if status == 404:
        return NotFoundError(Text("没有这个地址", "There is nothing at this address"))
    if status == 405:
        return MethodNotAllowedError(Text("这个地址不支持这个操作", "This address does not take this method"))
    if status == 413:
        return TooLargeError(Text("请求内容超过上限", "The request's body is larger than allowed"))
    error = BadRequestError(Text("请求无法处理", "The request cannot be handled"))
    if status != 400:
        error.http_status = status  # type: ignore[misc]
    return error
