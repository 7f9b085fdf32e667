"""Surveys over HTTP: written, previewed, published and closed; results, responses, a file of them, a person's own link."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.background import BackgroundTask

from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Items,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
    language_of,
)
from siyu.identity.current import current_one
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.surveys import links, questions, response_files, responses, results, showing, surveys
from siyu.surveys.questions import Form, Kind, Words
from siyu.surveys.questions import read as read_form
from siyu.surveys.results import Results
from siyu.surveys.surveys import Survey
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/surveys", tags=["surveys"])
Reader = Annotated[Access, Depends(require("surveys.read"))]
Writer = Annotated[Access, Depends(require("surveys.write"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
VersionNumber = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only answers to this version.")]


class SurveyWords(Body):
    """In Chinese, and in English where somebody wrote it."""

    zh: Annotated[Line, Field(max_length=1000)] = ""
    en: Annotated[Line, Field(max_length=1000)] = ""


class ChoiceBody(Body):
    """`key` '' for a new one; it is given when it is saved, and stays."""

    key: Annotated[Line, Field(max_length=8)] = ""
    label: SurveyWords


class QuestionBody(Body):
    """`choices` of single and multi, `most` of them (0: all); `low` to `high` of a scale. `key` '' for a new one."""

    key: Annotated[Line, Field(max_length=8)] = ""
    kind: Kind
    title: SurveyWords
    required: bool = True
    choices: Annotated[list[ChoiceBody], Field(max_length=100)] = []
    most: Annotated[int, Field(ge=0, le=100)] = 0
    low: Annotated[int, Field(ge=0, le=10)] = 1
    high: Annotated[int, Field(ge=0, le=10)] = 5
    low_label: SurveyWords = SurveyWords()
    high_label: SurveyWords = SurveyWords()


class SurveyForm(Body):
    title: SurveyWords = SurveyWords()
    intro: SurveyWords = SurveyWords()
    thanks: SurveyWords = SurveyWords()
    questions: Annotated[list[QuestionBody], Field(max_length=100)] = []

    def read(self) -> Form:
        return read_form(self.model_dump())


class SurveyBody(Body):
    """`repeats`: one person may answer more than once."""

    name: Annotated[Line, Field(max_length=80)]
    form: SurveyForm
    repeats: bool = False


class SurveyChange(SurveyBody):
    """`edit` as it was read: who saves over somebody else's change is told."""

    edit: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class SurveyFault(BaseModel):
    field: str
    message: Label


class SurveyInfo(BaseModel):
    """`version`: the one that people see, 0 before the first; `responses`: all that ever came."""

    id: int
    name: str
    status: Literal["draft", "live", "closed"]
    version: int
    repeats: bool
    responses: int
    question_count: int
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, one: Survey) -> SurveyInfo:
        return cls(**{name: value for name, value in vars(one).items() if name != "draft"}, question_count=len(one.draft.questions))


class SurveyDetail(SurveyInfo):
    """`changed`: the draft says something else than the version that people see; `faults` must be mended before it is published."""

    form: SurveyForm
    changed: bool
    faults: list[SurveyFault]
    versions: list[int]


class AnswerCount(BaseModel):
    key: str
    label: Label
    count: int
    rate: float | None
    low: float | None
    high: float | None


class NpsInfo(BaseModel):
    """In points from −100 to 100, with a 95 % interval."""

    score: float
    low: float
    high: float
    promoters: int
    passives: int
    detractors: int


class QuestionResult(BaseModel):
    """`is_asked`: the version that is shown asks it; `answered`: people who did."""

    key: str
    kind: Kind
    title: Label
    is_asked: bool
    answered: int
    counts: list[AnswerCount]
    mean: float | None
    nps: NpsInfo | None


class SurveyResults(BaseModel):
    responses: int
    people: int
    questions: list[QuestionResult]

    @classmethod
    def of(cls, found: Results) -> SurveyResults:
        def label(words: Words) -> Label:
            return Label(zh=words.zh, en=words.to("en"))

        told = [
            QuestionResult(
                key=one.key, kind=one.kind, title=label(one.title), is_asked=one.is_asked, answered=one.answered, mean=one.mean, nps=NpsInfo(**vars(one.nps)) if one.nps else None,
                counts=[AnswerCount(**{**vars(count), "label": label(count.label)}) for count in one.counts],
            )
            for one in found.questions
        ]  # fmt: skip
        return cls(responses=found.responses, people=found.people, questions=told)


class SurveyResponse(BaseModel):
    """`answers`: by key of the question, in words: a text, a number, or a list."""

    id: int
    version: int
    at: datetime
    customer_id: int
    customer: CustomerRow | None
    answers: dict[str, Any]


class SurveyLinksBody(Body):
    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]


class SurveyLink(BaseModel):
    customer_id: int
    url: str


class SurveyPreview(Body):
    form: SurveyForm
    language: Literal["zh", "en"] = "zh"


class AnswerTold(BaseModel):
    """A question and its answer in words; of several choices with 、 between."""

    question: Label
    answer: str


class CustomerSurvey(BaseModel):
    survey_id: int
    name: str
    at: datetime
    answers: list[AnswerTold]


@router.get("", summary="Surveys, the newest first")
def list_surveys(access: Reader, status: Literal["draft", "live", "closed"] | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[SurveyInfo]:
    stores, scope = access.stores, f"surveys {status}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = surveys.listed(tx, status=status, before_id=place[0] if place else None, limit=limit)
    after = encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None
    return Page(items=[SurveyInfo.of(one) for one in found], next_cursor=after, total=None)


@router.post("", summary="Write a new survey", status_code=201)
def add_survey(body: SurveyBody, access: Writer) -> SurveyDetail:
    with access.stores.ledger.begin() as tx:
        made = surveys.add(access.stores, tx, body.name, body.form.read(), repeats=body.repeats, by=access.actor.name)
        _audit(tx, access, "added", made.id, {"name": made.name})
        return _detail(tx, made)


@router.post("/preview", summary="The page as people would see it, as HTML", response_class=HTMLResponse)
def preview_survey(body: SurveyPreview, access: Reader, request: Request) -> HTMLResponse:
    form = questions.keyed(body.form.read(), ())
    brand = request.app.state.sample_name(access.stores) or access.stores.settings.brand_name
    return HTMLResponse(showing.asking(form, 0, brand=brand, lang=body.language, preview=True), headers={"Cache-Control": "no-store"})


@router.get("/{survey_id}", summary="A survey with its draft")
def get_survey(survey_id: RowId, access: Reader) -> SurveyDetail:
    with access.stores.ledger.read() as tx:
        return _detail(tx, surveys.find(tx, survey_id))


@router.put("/{survey_id}", summary="Change the draft; people go on seeing what is published")
def change_survey(survey_id: RowId, body: SurveyChange, access: Writer) -> SurveyDetail:
    with access.stores.ledger.begin() as tx:
        made = surveys.change(access.stores, tx, survey_id, body.name, body.form.read(), repeats=body.repeats, edit=body.edit, by=access.actor.name)
        _audit(tx, access, "changed", survey_id, {"name": made.name})
        return _detail(tx, made)


@router.delete("/{survey_id}", summary="Remove a survey that was never published", status_code=204)
def remove_survey(survey_id: RowId, access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        gone = surveys.remove(tx, survey_id)
        _audit(tx, access, "removed", survey_id, {"name": gone.name})


@router.post("/{survey_id}/publish", summary="Show the draft to people from now on")
def publish_survey(survey_id: RowId, access: Writer) -> SurveyDetail:
    with access.stores.ledger.begin() as tx:
        made = surveys.publish(access.stores, tx, survey_id, by=access.actor.name)
        _audit(tx, access, "published", survey_id, {"version": made.version})
        return _detail(tx, made)


@router.post("/{survey_id}/close", summary="Take no more answers")
def close_survey(survey_id: RowId, access: Writer) -> SurveyDetail:
    with access.stores.ledger.begin() as tx:
        made = surveys.close(access.stores, tx, survey_id, by=access.actor.name)
        _audit(tx, access, "closed", survey_id, {})
        return _detail(tx, made)


@router.get("/{survey_id}/results", summary="Counts, shares, means and the NPS, with intervals")
def get_results(survey_id: RowId, access: Reader, version: VersionNumber = None) -> SurveyResults:
    with access.stores.ledger.read() as tx:
        return SurveyResults.of(results.of(tx, survey_id, version))


@router.get("/{survey_id}/responses", summary="What people have said, the newest first")
def list_responses(survey_id: RowId, access: Reader, request: Request, limit: Limit = 50, cursor: Cursor = None) -> Page[SurveyResponse]:
    stores, scope, language = access.stores, f"survey responses {survey_id}", language_of(request)
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        surveys.find(tx, survey_id)
        forms = {one.number: one.form for one in surveys.versions(tx, survey_id)}
        found = responses.listed(tx, survey_id, before_id=place[0] if place else None, limit=limit)
        rows = {row.id: row for row in load_rows(stores, session, tx, list({one.customer_id: None for one in found}))}
    items = [
        SurveyResponse(
            id=one.id, version=one.version, at=one.at, customer_id=one.customer_id, customer=rows.get(one.customer_id),
            answers=responses.in_words(forms[one.version], one.answers, language),
        )
        for one in found
    ]  # fmt: skip
    return Page(items=items, next_cursor=encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None, total=None)


@router.get("/{survey_id}/export", summary="Every response as a file", response_class=FileResponse)
def export_responses(survey_id: RowId, access: Exporter, request: Request, format: Literal["csv", "xlsx"] = "csv") -> FileResponse:
    stores = access.stores
    with stores.ledger.read() as tx:
        survey = surveys.find(tx, survey_id)
    # Among the exports: what a killed process leaves behind goes with them when somebody is erased.
    exports = stores.settings.files / "exports"
    exports.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=exports))
    path = folder / f"survey-{survey_id}.{format}"
    count = response_files.write(stores, path, survey, format, language_of(request))
    with stores.ledger.begin() as tx:
        _audit(tx, access, "exported", survey_id, {"format": format, "row_count": count})
    return FileResponse(path, filename=path.name, background=BackgroundTask(response_files.remove, folder))


@router.post("/{survey_id}/links", summary="The own links of some people")
def make_links(survey_id: RowId, body: SurveyLinksBody, access: Writer) -> Items[SurveyLink]:
    stores = access.stores
    with stores.ledger.begin() as tx:
        surveys.find(tx, survey_id)
        ids = [responses.who(tx, one) for one in body.customer_ids]
        _audit(tx, access, "links_made", survey_id, {"people": len(ids)})
    return Items(items=[SurveyLink(customer_id=one, url=url) for one, url in zip(ids, links.addresses(stores, survey_id, ids), strict=True)])


@router.get("/customers/{customer_id}", summary="What one customer has answered")
def list_answers_of(customer_id: RowId, access: Annotated[Access, Depends(require("customers.read"))]) -> Items[CustomerSurvey]:
    with access.stores.ledger.read() as tx:
        found = responses.of_person(tx, None, current_one(tx, customer_id))
        named = {one: surveys.find(tx, one) for one in {each.survey_id for each in found}}
        forms = {(one.survey_id, one.version): surveys.find_version(tx, one.survey_id, one.version).form for one in found}
    items = []
    for one in found:
        form = forms[one.survey_id, one.version]
        told = responses.in_words(form, one.answers, "zh")
        answers = [
            AnswerTold(question=Label(zh=q.title.zh, en=q.title.to("en")), answer="、".join(value) if isinstance(value := told[q.key], list) else str(value))
            for q in form.questions
            if q.key in told
        ]
        items.append(CustomerSurvey(survey_id=one.survey_id, name=named[one.survey_id].name, at=one.at, answers=answers))
    return Items(items=items)


def _detail(tx: Connection, one: Survey) -> SurveyDetail:
    versions = surveys.versions(tx, one.id)
    faults = [SurveyFault(field=fault.field, message=Label.of(fault.message)) for fault in questions.check(one.draft)]
    changed = not versions or versions[-1].form != one.draft
    form = SurveyForm.model_validate(questions.plain(one.draft))
    return SurveyDetail(**SurveyInfo.of(one).model_dump(), form=form, changed=changed, faults=faults, versions=[each.number for each in reversed(versions)])


def _audit(tx: Connection, access: Access, action: str, survey_id: int, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"surveys.{action}", f"survey:{survey_id}", detail, access.stores.now())
