"""Surveys: written in versions, answered once on a page without scripts, told to segments, added up with intervals."""

from __future__ import annotations

import json
import random
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.content import tokens
from siyu.foundation.errors import InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.identity import merge
from siyu.rights.holdings import remove_rows
from siyu.rights.people import find_people
from siyu.river import flow
from siyu.surveys import links, page_routes, questions, responses, results, surveys
from siyu.surveys.surveys import Survey
from siyu.web.application import build_application
from tests.conftest import SetClock
from tests.makers.customers import TestClient
from tests.makers.loyalty import people

FORM: dict[str, Any] = {
    "title": {"zh": "购后小调查", "en": "After your purchase"}, "intro": {"zh": "一分钟就好"}, "thanks": {"zh": "送你 10 积分"},
    "questions": [
        {"kind": "single", "title": {"zh": "你怎么知道我们的", "en": "How did you find us"}, "choices": [{"label": {"zh": "朋友", "en": "Friends"}}, {"label": {"zh": "小红书"}}]},
        {"kind": "multi", "title": {"zh": "喜欢哪些"}, "choices": [{"label": {"zh": one}} for one in "香茶器"], "most": 2, "required": False},
        {"kind": "nps", "title": {"zh": "会推荐给朋友吗"}},
        {"kind": "scale", "title": {"zh": "包装"}, "required": False},
        {"kind": "text", "title": {"zh": "还想说什么"}, "required": False},
    ],
}  # fmt: skip
GIVEN = {"q1": ["c1"], "q2": ["c1", "c3"], "q3": ["9"], "q4": ["4"], "q5": ["<b>很好</b>"]}


def live(stores: Stores, form: dict[str, Any] = FORM, *, repeats: bool = False) -> Survey:
    with stores.ledger.begin() as tx:
        made = surveys.add(stores, tx, "购后", questions.read(form), repeats=repeats, by="Alice")
        return surveys.publish(stores, tx, made.id, by="Alice")


def say(stores: Stores, survey: Survey, who: int, **changes: list[str]) -> tuple[responses.Response, bool]:
    with stores.ledger.begin() as tx:
        return responses.answer(stores, tx, survey.id, who, survey.version, {**GIVEN, **changes})


def client(stores: Stores) -> TestClient:
    return TestClient(build_application(stores, [], title="Siyu", version="0.0.test", pages=(page_routes.router,)), base_url="http://localhost")


def path_of(stores: Stores, survey: Survey, who: int) -> str:
    return "/s/" + links.addresses(stores, survey.id, [who])[0].rsplit("/", 1)[1]


class _Page(HTMLParser):
    """What a browser could be harmed by, or needs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names += [value or "" for name, value in attrs if name == "name"]


def test_a_person_answers_on_a_page_of_their_own(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    survey = live(stores)
    web, path = client(stores), path_of(stores, survey, ann)
    page = web.get(path, headers={"Accept-Language": "zh-CN"})
    assert page.status_code == 200
    assert len(page.content) < 50_000
    found = _Page(page.text)
    assert "script" not in found.tags
    assert {"q1", "q2", "q3", "q4", "q5", "version"} <= set(found.names)
    assert "How did you find us" in web.get(f"{path}?lang=en").text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    lacking = web.post(path, data={"version": "1", "q3": "10", "q5": GIVEN["q5"][0]})
    assert lacking.status_code == 422
    assert "请回答这一题" in lacking.text
    assert "&lt;b&gt;很好" in lacking.text, "what was written is kept, and is text"
    assert re.search(r'value="10" checked', lacking.text)
    done = web.post(path, data={"version": "1", "q1": "c1", "q2": ["c1", "c3"], "q3": "9"})
    assert done.status_code == 200
    assert "送你 10 积分" in done.text
    assert "送你 10 积分" in web.get(path).text, "who has answered is thanked"
    assert web.post(path, data={"version": "1", "q1": "c2", "q3": "1"}).status_code == 200
    with stores.ledger.read() as tx:
        assert [one.answers for one in responses.listed(tx, survey.id)] == [{"q1": ("c1",), "q2": ("c1", "c3"), "q3": 9}]


def test_a_link_is_its_own_key(stores: Stores) -> None:
    ann, ben = people(stores, 2)
    survey = live(stores)
    web, path = client(stores), path_of(stores, survey, ann)
    assert path != path_of(stores, survey, ben)
    for wrong in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/s/x", "/s/" + "A" * 16):
        assert web.get(wrong).status_code == 404
    assert web.post(path, data={"version": "1"}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert web.post(path, data={"version": "7", "q1": "c1"}).status_code == 404
    assert tokens.open_token(stores.secrets, path[3:]) is None, "no door of content opens to it"
    with stores.ledger.begin() as tx:
        remove_rows(tx, find_people(stores, tx, [ann]))
    assert web.get(path).status_code == 404, "who was erased has no page"


def test_a_survey_that_is_closed_says_so(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    survey = live(stores)
    web, path = client(stores), path_of(stores, survey, ann)
    with stores.ledger.begin() as tx:
        surveys.close(stores, tx, survey.id, by="Alice")
    assert "已结束" in web.get(path).text
    assert web.post(path, data={"version": "1", **{key: value[0] for key, value in GIVEN.items()}}).status_code == 409


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"q1": []}, "q1"), ({"q1": ["c9"]}, "q1"), ({"q1": ["c1", "c2"]}, "q1"), ({"q2": ["c1", "c2", "c3"]}, "q2"), ({"q3": ["11"]}, "q3"), ({"q3": ["-1"]}, "q3"),
        ({"q3": ["٣"]}, "q3"), ({"q4": ["0"]}, "q4"), ({"q4": ["x"]}, "q4"), ({"q5": ["长" * 501]}, "q5"),
    ],
)  # fmt: skip
def test_what_is_answered_wrong_is_named(stores: Stores, changes: dict[str, list[str]], wrong: str) -> None:
    answers, faults = responses.read(questions.keyed(questions.read(FORM), ()), {**GIVEN, **changes})
    assert [fault.field for fault in faults] == [wrong]
    assert wrong not in answers


@given(st.dictionaries(st.sampled_from(["q1", "q2", "q3", "q4", "q5", "q6"]), st.lists(st.text(max_size=8), max_size=4)))
def test_whatever_a_form_sends_is_read(sent: dict[str, list[str]]) -> None:
    form = questions.keyed(questions.read(FORM), ())
    answers, faults = responses.read(form, sent)
    assert set(answers) | {fault.field for fault in faults} <= {one.key for one in form.questions}
    assert not set(answers) & {fault.field for fault in faults}


def test_one_response_a_person_across_all_identifiers_unless_it_may_repeat(any_stores: Stores) -> None:
    ann, ben = people(any_stores, 2)
    once, often = live(any_stores), live(any_stores, repeats=True)
    assert [say(any_stores, once, ann)[1], say(any_stores, once, ann, q3=["1"])[1]] == [True, False]
    assert [say(any_stores, often, ann)[1] for _ in range(2)] == [True, True]
    with any_stores.ledger.begin() as tx:
        merge.merge(any_stores, tx, [(ben, ann)], by="Alice")
    assert not say(any_stores, once, ben)[1]
    with any_stores.ledger.read() as tx:
        assert [surveys.find(tx, one.id).responses for one in (once, often)] == [1, 2]
        assert {one.customer_id for one in responses.listed(tx, often.id)} == {ben}


def test_segments_hear_the_answers_without_free_words(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    survey = live(stores)
    say(stores, survey, ann)
    flow(stores)
    tables = stores.warehouse.tables
    with stores.warehouse.read() as session:
        acts = session.query(tables["customers_activity"]).to_pylist()
        told = {row["path"]: row["text"] for row in session.query(tables["customers_property"]).to_pylist()}
    assert [(row["customer_id"], row["name"]) for row in acts] == [(ann, "survey_answered")]
    assert told == {"survey": str(survey.id), "survey_name": "购后", "version": "1", "nps": "9", "q1": "朋友", "q2": '["香","器"]', "q3": "9", "q4": "4"}


def test_versions_keep_what_was_asked(stores: Stores, clock: SetClock) -> None:
    ann, ben = people(stores, 2)
    survey = live(stores)
    say(stores, survey, ann)
    form = json.loads(json.dumps(questions.plain(survey.draft)))
    del form["questions"][0]
    form["questions"].append({"kind": "single", "title": {"zh": "新题"}, "choices": [{"label": {"zh": "是"}}, {"label": {"zh": "否"}}]})
    form["questions"][0]["choices"].append({"label": {"zh": "书"}})
    with stores.ledger.begin() as tx:
        changed = surveys.change(stores, tx, survey.id, "购后", questions.read(form), repeats=False, edit=survey.edit, by="Bob")
        assert [one.key for one in changed.draft.questions] == ["q2", "q3", "q4", "q5", "q6"], "a key is never given twice"
        assert [one.key for one in changed.draft.questions[0].choices] == ["c1", "c2", "c3", "c4"]
        assert surveys.find(tx, survey.id).version == 1, "people see what was published"
        second = surveys.publish(stores, tx, survey.id, by="Bob")
        assert surveys.publish(stores, tx, survey.id, by="Bob").version == second.version == 2, "nothing new, no new version"
    say(stores, second, ben, q6=["c1"], q2=["c4"])
    with stores.ledger.read() as tx:
        found = {one.key: one for one in results.of(tx, survey.id).questions}
        assert {key: (one.is_asked, one.answered) for key, one in found.items()} == {"q1": (False, 1), "q2": (True, 2), "q3": (True, 2), "q4": (True, 2), "q5": (True, 2), "q6": (True, 1)}
        assert [(count.key, count.count) for count in found["q2"].counts] == [("c1", 1), ("c2", 0), ("c3", 1), ("c4", 1)]
        assert [one.key for one in results.of(tx, survey.id, 1).questions] == ["q1", "q2", "q3", "q4", "q5"]


def test_a_draft_that_is_not_ready_is_refused_with_every_fault(stores: Stores) -> None:
    wrong = {"questions": [{"kind": "single", "title": {}, "choices": [{"label": {"zh": "一"}}]}, {"kind": "scale", "title": {"zh": "x"}, "low": 5, "high": 5}]}
    with stores.ledger.begin() as tx:
        made = surveys.add(stores, tx, "x", questions.read(wrong), repeats=False, by="Alice")
        with pytest.raises(InvalidError) as told:
            surveys.publish(stores, tx, made.id, by="Alice")
        assert {fault.field for fault in told.value.faults} == {"form.title.zh", "form.questions[0].title.zh", "form.questions[0].choices", "form.questions[1].high"}
        with pytest.raises(InvalidError):
            questions.read({"questions": [{"kind": "dance", "title": {}}]})
        surveys.remove(tx, made.id)
        with pytest.raises(NotFoundError):
            surveys.find(tx, made.id)


def test_the_net_promoter_score() -> None:
    assert results.nps(0, 0, 0) is None
    found = results.nps(50, 30, 20)
    assert found is not None
    # p̃ = 50.75/103, d̃ = 20.75/103: (p̃ − d̃) ± 1.959964·√((p̃ + d̃ − (p̃ − d̃)²)/103)
    assert (found.score, round(found.low, 2), round(found.high, 2)) == (30.0, 14.05, 44.2)
    perfect = results.nps(5, 0, 0)
    assert perfect is not None
    assert perfect.score == 100
    assert perfect.low < 75, "five answers are not certainty"


def test_the_interval_of_the_score_holds_as_often_as_it_says() -> None:
    draw = random.Random(7)
    for shares in ((0.5, 0.3, 0.2), (0.7, 0.25, 0.05), (0.1, 0.3, 0.6)):
        true, held, turns = 100 * (shares[0] - shares[2]), 0, 2000
        for _ in range(turns):
            said = draw.choices("pnd", shares, k=40)
            found = results.nps(said.count("p"), said.count("n"), said.count("d"))
            assert found is not None
            held += found.low <= true <= found.high
        assert 0.93 <= held / turns <= 0.985, shares


def test_answers_go_with_the_person(stores: Stores, clock: SetClock) -> None:
    ann, ben = people(stores, 2)
    survey = live(stores)
    say(stores, survey, ann)
    clock.at += timedelta(days=1)
    say(stores, survey, ben)
    with stores.ledger.begin() as tx:
        removed = remove_rows(tx, find_people(stores, tx, [ann]))
        assert (removed["surveys_response"], removed["surveys_answer"]) == (1, 6)
        assert [one.customer_id for one in responses.listed(tx, survey.id)] == [ben]
