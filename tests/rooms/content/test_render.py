"""What a version says to each person: values and fall-backs, harmless whatever somebody is called, one reading for all."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.content import letters, links, preview, render, templates, tokens
from siyu.content.bodies import Body, read_body
from siyu.content.templates import compiled, fill
from siyu.foundation.stores import Stores
from siyu.segments.facts import SEGMENTS_STANDING
from siyu.segments.labels import STAGES
from tests.makers.content import put_piece
from tests.makers.customers import put_customers, put_rows

PEOPLE = [
    {"id": 1, "name": "小雨", "city": "杭州", "orders": [(1_760_000_000_000, 12_800)], "stage": "active"},
    {"id": 2, "name": "<b>{城市}</b>", "city": None},
    {"id": 3, "name": None, "city": "成都"},
]
awkward = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(["{x}", "{{", "<b>", "\"'>", "&amp;", "{称呼|a}", "\0", "a\r\nBcc: x@y.cn", "https://evil.cn", "</p><script>"])


@pytest.fixture
def people(stores: Stores) -> Stores:
    put_customers(stores, [{key: value for key, value in one.items() if value is not None} for one in PEOPLE])
    return stores


def said(stores: Stores, body: dict[str, Any], carrier: Any = "webhook", kind: Any = "text", ids: tuple[int, ...] = (1, 2, 3), **more: Any) -> render.Rendered:
    piece = put_piece(stores, body, kind=kind, approve=False)
    return render.for_people(stores, piece.id, 1, carrier, ids, [10 * one for one in ids], **more)


def test_values_and_fall_backs(people: Stores) -> None:
    got = said(people, {"text": "{称呼|朋友},{ city|你那里}今天{{晴}},买过{订单数|0}次,{品牌}"})
    assert got.people.to_pylist() == [
        {"customer_id": 1, "identity_key": 10, "text": "小雨,杭州今天{晴},买过1次,我的品牌"},
        {"customer_id": 2, "identity_key": 20, "text": "<b>{城市}</b>,你那里今天{晴},买过0次,我的品牌"},
        {"customer_id": 3, "identity_key": 30, "text": "朋友,成都今天{晴},买过0次,我的品牌"},
    ]
    assert got.no_value == {}


def test_who_lacks_a_value_without_a_fall_back_is_named_and_not_told(people: Stores) -> None:
    got = said(people, {"text": "{称呼},{城市}见"})
    assert got.people["customer_id"].to_pylist() == [1]
    assert got.no_value == {2: ("城市",), 3: ("称呼",)}


def test_an_unknown_variable_is_nobodys_value(people: Stores) -> None:
    program = render.compile_for(people, "text", Body(text="{没有}"), "sms")
    got = render.filled(people, program, {"没有": [None, None]}, [1, 2], None, None)
    assert (got.people.num_rows, got.no_value) == (0, {1: ("没有",), 2: ("没有",)})


def test_what_is_the_same_for_all_is_said_once(people: Stores) -> None:
    got = said(people, {"text": "大家好", "title": "早"}, kind="text")
    assert (got.shared["text"], got.people.column_names) == ("大家好", ["customer_id", "identity_key"])


def test_orders_stage_scores_and_traits(people: Stores) -> None:
    put_rows(people, SEGMENTS_STANDING, [{"customer_id": 3, "order_count": 2, "spend_fen": 99_90, "first_on": 20_000, "last_on": 20_100, "r": 5, "f": 4, "m": 3, "stage": "at_risk", "top_category": "面霜"}])
    got = said(people, {"text": "{阶段} {RFM} {累计消费} {上次购买日} {常买类目}"}, ids=(3,))
    assert got.people["text"].to_pylist() == [f"{STAGES['at_risk'].zh} 543 99.90 2025-01-12 面霜"]


def test_on_wecom_one_body_goes_to_all(people: Stores) -> None:
    body = {"text": "我是{导购|客服},{品牌}", "title": "新品", "url": "https://shop.cn/a"}
    got = said(people, body, "wecom", "link")
    assert got.shared["text"] == "我是客服,我的品牌"
    assert got.shared["attachments"] == [{"msgtype": "link", "link": {"title": "新品", "url": "https://shop.cn/a"}}]
    assert got.people.num_rows == 3
    alone = said(people, {"text": "{称呼}你好"}, "wecom")
    assert (alone.people.num_rows, set(alone.no_value)) == (0, {1, 2, 3})


def test_where_all_are_told_the_same_the_link_is_shared_too(people: Stores) -> None:
    piece = put_piece(people, {"text": "看 https://shop.cn/a", "notices": {"mini_program": {"template_id": "T", "values": {"thing1": "{链接}"}}}, "url": "https://shop.cn/a", "title": "t"}, kind="link", approve=False)
    with people.ledger.begin() as tx:
        tracked = links.prepare(tx, piece.id, 1, send_id=5, now=people.now())
    alike: list[Any] = ["wecom", "official_account"]
    for carrier in alike:
        got = render.for_people(people, piece.id, 1, carrier, [1, 2], [10, 20], tracked)
        assert got.people.column_names == ["customer_id", "identity_key"]
        ticket = tokens.open_token(people.secrets, got.shared["text"].rsplit("/", 1)[1])
        assert ticket is not None
        assert (ticket.who, ticket.person) == ("nobody", 0)
    own = render.for_people(people, piece.id, 1, "mini_program", [1, 2], [10, 20], tracked)
    assert len(set(own.people["values.thing1"].to_pylist())) == 2


def test_addresses_become_links_of_each_persons_own(people: Stores) -> None:
    piece = put_piece(people, {"text": "{称呼|你}看 https://shop.cn/a?x=1,或 https://shop.cn/b。", "url": "https://shop.cn/c", "title": "t"}, kind="link", approve=False)
    with people.ledger.begin() as tx:
        tracked = links.prepare(tx, piece.id, 1, send_id=5, now=people.now())
        again = links.prepare(tx, piece.id, 1, send_id=5, now=people.now())
    assert tracked == again
    got = render.for_people(people, piece.id, 1, "sms", [1, 2], [10, 20], tracked)
    first, second = got.people["text"].to_pylist()
    found = re.findall(r"/l/([\w-]+)", first)
    assert len(found) == 3
    assert {len(one) for one in found} == {16}
    assert not set(found) & set(re.findall(r"/l/([\w-]+)", second))
    assert "shop.cn" not in first
    assert first.startswith("小雨看 http://127.0.0.1:8760/l/")


def test_a_letter_has_words_and_pages(people: Stores) -> None:
    got = said(people, {"title": "标题", "subject": "{称呼|你}\n好", "html": "<p>{称呼|A&B}</p><a href='https://shop.cn/a?x=1&y=2'>看</a>", "text": "引言"}, "email", "article")
    rows = got.people.to_pylist()
    assert [row["subject"] for row in rows] == ["小雨 好", "<b>{城市}</b> 好", "你 好"]
    assert "&lt;b&gt;{城市}&lt;/b&gt;" in rows[1]["html"]
    assert "<b>" not in rows[1]["html"]
    assert "<p>A&amp;B</p>" in rows[2]["html"]
    assert 'href="https://shop.cn/a?x=1&amp;y=2"' in rows[2]["html"]
    assert "引言" in rows[0]["text"]


def test_notices_and_templates_are_filled_too(people: Stores) -> None:
    body = {"text": "x", "notices": {"mini_program": {"template_id": "T", "values": {"thing1": "{称呼|朋友}"}, "page": "pages/a"}}, "sms": {"template": "S1", "params": {"name": "{称呼|客户}"}}}
    got = said(people, body, "mini_program", ids=(1, 3))
    assert got.shared | {"text": ""} == {"template_id": "T", "page": "pages/a", "text": ""}
    assert got.people["values.thing1"].to_pylist() == ["小雨", "朋友"]
    got = said(people, body, "sms", ids=(1, 3))
    assert (got.shared["template"], got.people["params.name"].to_pylist()) == ("S1", ["小雨", "客户"])


def test_a_name_that_fills_a_message_is_cut(stores: Stores) -> None:
    put_customers(stores, [{"id": 1, "name": "长" * 5000 + "\u202e"}])
    text = said(stores, {"text": "{称呼}"}, ids=(1,)).people["text"][0].as_py()
    assert len(text) == 100
    assert text.endswith("…")


@given(name=awkward, fallback=awkward.filter(lambda text: not set("{}|") & set(text)))
def test_a_value_is_never_read_as_anything_but_a_value(name: str, fallback: str) -> None:
    template = compiled(f"a{{称呼|{fallback}}}b{{{{c}}}}")
    assert fill(template, {"称呼": [name or None, None]}, 2) == [f"a{name or fallback}b{{c}}", f"a{fallback}b{{c}}"]


@given(name=awkward)
def test_in_a_page_a_value_has_no_markup(name: str) -> None:
    parts = letters.parts_of("article", Body(title="t", html="<p>{称呼|x}</p>", subject="{称呼|x}"), {}, {}, "")
    (page,) = fill(parts["html"], {"称呼": [name]}, 1, value=letters.VALUE["html"])
    inside = re.search(r"<p>(.*)</p>", page or "", re.DOTALL)
    assert inside is not None
    assert not set("<>\"'") & set(inside[1])
    assert unescape(inside[1]) == unescape(letters.VALUE["html"](name or "x"))
    (subject,) = fill(parts["subject"], {"称呼": [name or "y"]}, 1, value=letters.VALUE["subject"])
    assert not set("\r\n\0\u2028\u0085") & set(subject or "")


@given(text=st.text(max_size=80))
def test_every_text_compiles_and_a_text_without_braces_stays_as_it_is(text: str) -> None:
    template = compiled(text)
    assert bool(template.loose) <= ("{" in text or "}" in text)
    if "{" not in text and "}" not in text:
        assert fill(template, {}, 1) == [text]
        assert templates.faults_of("text", text, lambda _: False) == []


def test_the_preview_shows_short_and_long_and_counts_who_lacks_a_value(people: Stores) -> None:
    put_customers(people, [{"id": 4, "name": "欧阳上官司马诸葛", "city": "呼和浩特"}])
    got = preview.preview(people, "text", read_body("text", {"text": "{称呼|友},{城市}见"}), "sms")
    assert (got.base, got.looked, got.lacking, got.lacking_by) == (4, 4, 1, {"城市": 1})
    assert {one.why: one.customer_id for one in got.examples}["long"] in (2, 4)
    shown = {one.customer_id: one.parts.get("text") for one in got.examples}
    assert shown.get(4, "欧阳上官司马诸葛,呼和浩特见") == "欧阳上官司马诸葛,呼和浩特见"
    hidden = preview.preview(people, "text", read_body("text", {"text": "{称呼|友}好"}), "sms", customer_ids=[1], named=False)
    assert [(one.name, one.parts["text"]) for one in hidden.examples] == [("小**", "小**好")]

