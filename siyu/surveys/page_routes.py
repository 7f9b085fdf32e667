"""A survey over HTTP: server-rendered, without scripts, reached by a link that is its own key."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from siyu.foundation.errors import InvalidError, NotAllowedError, SiyuError
from siyu.foundation.http import language_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.surveys import links, responses, showing, surveys
from siyu.surveys.questions import Form
from siyu.team.access import anyone

router = APIRouter(prefix="/s", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
BIGGEST = 100_000
MOST_FIELDS = 800
DONE = Text("已收到，谢谢!", "Received, thank you!")
ENDED = Text("这份问卷已结束", "This survey takes no more answers")
LATER = Text("谢谢你的关注。", "Thank you all the same.")


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(token: str, request: Request, stores: Anyone) -> Response:
    return await run_in_threadpool(_show, token, request, stores)


@router.post("/{token}")
async def send(token: str, request: Request, stores: Anyone) -> Response:
    body = await request.body()
    given = parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS) if len(body) <= BIGGEST and body.count(b"&") < MOST_FIELDS else {}
    return await run_in_threadpool(_send, token, request, stores, given)


def _show(token: str, request: Request, stores: Stores) -> Response:
    lang = _language(request, "")
    try:
        survey_id, customer_id = links.open_token(stores, token)
        with stores.ledger.read() as tx:
            survey, person = surveys.find(tx, survey_id), responses.who(tx, customer_id)
            answered = not survey.repeats and bool(responses.of_person(tx, survey_id, person))
            form = surveys.find_version(tx, survey_id, survey.version).form if survey.version else None
    except SiyuError as error:
        return _gone(request, stores, error, lang)
    if answered and form is not None:
        return _thanks(request, stores, form, lang)
    if survey.status != "live" or form is None:
        return _html(showing.saying(ENDED.to(lang), LATER.to(lang), brand=_brand(request, stores), lang=lang), lang)
    return _html(showing.asking(form, survey.version, brand=_brand(request, stores), lang=lang, asked_lang="lang" in request.query_params), lang)


def _send(token: str, request: Request, stores: Stores, given: dict[str, list[str]]) -> Response:
    lang = _language(request, given.get("lang", [""])[0])
    version = given.get("version", ["0"])[0]
    number = int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else 0
    try:
        _must_be_own(request)
        survey_id, customer_id = links.open_token(stores, token)
        with stores.ledger.read() as tx:
            form = surveys.find_version(tx, survey_id, number).form
        with stores.ledger.begin() as tx:
            responses.answer(stores, tx, survey_id, customer_id, number, given)
    except InvalidError as error:
        faults = {fault.field: fault.message.to(lang) for fault in error.faults}
        page = showing.asking(form, number, brand=_brand(request, stores), lang=lang, asked_lang=bool(given.get("lang")), faults=faults, given=given)
        return _html(page, lang, 422)
    except SiyuError as error:
        return _gone(request, stores, error, lang)
    return _thanks(request, stores, form, lang)


def _thanks(request: Request, stores: Stores, form: Form, lang: str) -> HTMLResponse:
    return _html(showing.saying(DONE.to(lang), form.thanks.to(lang), brand=_brand(request, stores), lang=lang), lang)


def _gone(request: Request, stores: Stores, error: SiyuError, lang: str) -> HTMLResponse:
    said = (error.way_out or error.title).to(lang)
    return _html(showing.saying(error.message.to(lang), said, brand=_brand(request, stores), lang=lang), lang, error.http_status)


def _html(page: str, lang: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(page, status, {**PRIVATE, "Content-Language": "zh-CN" if lang == "zh" else "en"})


def _language(request: Request, sent: str) -> str:
    asked = sent or request.query_params.get("lang")
    return asked if asked in ("zh", "en") else language_of(request)


def _brand(request: Request, stores: Stores) -> str:
    return request.app.state.sample_name(stores) or stores.settings.brand_name


def _must_be_own(request: Request) -> None:
    """A browser says from which page a form was sent; another site's is turned away."""
    origin = request.headers.get("origin", "")
    is_foreign = origin not in ("", "null") and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    if is_foreign or request.headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise NotAllowedError(Text("请从问卷页提交", "please use the survey's own page"))
