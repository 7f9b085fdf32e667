"""What people take a message for: the rule holds for the sample brand's contents and for messages of every carrier."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from siyu_sandbox.people.reading import KINDS, depth, judge, understand
from siyu_sandbox.phones import Received

CONTENTS = Path(__file__).parents[3] / "siyu_sandbox" / "brand" / "contents.csv"


def _received(content: object, kind: str = "group_send") -> Received:
    return Received(0, "wecom", "ww1", "amy", kind, content)


def test_the_sample_brands_contents_are_taken_for_what_they_are() -> None:
    rows = list(csv.DictReader(CONTENTS.read_text(encoding="utf-8").splitlines()))
    wrong = [
        row["title"]
        for row in rows
        if KINDS[judge(row["title"], "group_send", True)] not in (row["purpose"], *_also(row))
    ]
    assert not wrong


def _also(row: dict[str, str]) -> list[str]:
    """A survey is filed under service by the brand; people see a questionnaire."""
    return ["feedback"] if row["kind"] == "survey" else []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("亲,会员日茗茶8折", "promotion"),
        ("20% off everything this weekend", "promotion"),
        ("您的订单已发货", "service"),
        ("Your order has shipped", "service"),
        ("请花一分钟填写满意度问卷,完成有红包", "feedback"),
        ("How to brew white tea", "value"),
        ("好的", "service"),
        ("价值观是什么?一位制茶师从清晨到深夜的记录,以及他为什么坚持手工炒制", "value"),
    ],
)
def test_words_decide(words: str, kind: str) -> None:
    assert KINDS[judge(words)] == kind


@pytest.mark.parametrize(
    ("words", "share"),
    [("8折", 0.2), ("6.5 折起", 0.35), ("满200减80", 0.4), ("满 299 减 60", 60 / 299), ("30% off", 0.3), ("第二件半价", 0.25),
     ("30 元券", 0.2), ("限时特价", 0.1), ("满1减100", 0.8)],
)  # fmt: skip
def test_the_depth_of_an_offer_is_read(words: str, share: float) -> None:
    assert depth(words) == pytest.approx(share)


def test_texts_are_found_wherever_they_stand() -> None:
    link = {
        "msgtype": "link",
        "link": {"title": "新客礼:首单 9 折", "url": "https://a.test/x", "pic_url": "https://a.test/p.png"},
    }
    said = understand(_received({"text": {"content": "你好"}, "attachments": [link]}, "welcome"))
    assert (KINDS[said.kind], said.links, said.is_reward) == ("promotion", ("https://a.test/x",), True)
    template = {
        "template_id": "t",
        "data": {"thing1": {"value": "您的积分即将到期"}},
        "url": "https://a.test/points",
    }
    said = understand(_received(template, "template"))
    assert (KINDS[said.kind], said.links) == ("service", ("https://a.test/points",))
    assert understand(_received("邀请好友,一起免费喝茶", "chat")).invites
    assert (
        KINDS[
            understand(
                _received(
                    {"number": 1, "subject": "老客专享券", "text": "点开", "headers": {"From": "订单"}},
                    "email",
                )
            ).kind
        ]
        == "promotion"
    )


@pytest.mark.parametrize(
    "content", [None, 5, [], {}, {"a": [None, {"b": ""}]}, "\x00", "9" * 10_000 + "折", "满0减0"]
)
def test_nothing_that_arrives_breaks_the_reader(content: object) -> None:
    assert 0 <= understand(_received(content)).depth <= 0.8
