"""Questions 题目: what a survey asks, typed and checked; keys are given once and stay, so that answers of all versions can be added up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

Kind = Literal["single", "multi", "scale", "nps", "text"]
KINDS = {
    "single": Text("单选", "One choice"), "multi": Text("多选", "Several choices"), "scale": Text("打分", "Scale"),
    "nps": Text("推荐意愿 0–10", "Would recommend, 0–10"), "text": Text("文字", "Words"),
}  # fmt: skip
MOST_QUESTIONS, MOST_CHOICES, LONGEST_ANSWER = 30, 20, 500
NPS_LOW, NPS_HIGH = 0, 10


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A text in Chinese, and in English where somebody wrote it."""

    zh: str = ""
    en: str = ""

    def to(self, language: str) -> str:
        return self.en if language == "en" and self.en else self.zh

    def trimmed(self) -> Words:
        return Words(self.zh.strip(), self.en.strip())


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`key` '' for one that is new."""

    label: Words
    key: str = ""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. `choices` of single and multi, at most `most` of them (0: all); `low` to `high` of a scale, with words at its ends."""

    kind: Kind
    title: Words
    key: str = ""
    required: bool = True
    choices: tuple[Choice, ...] = ()
    most: int = 0
    low: int = 1
    high: int = 5
    low_label: Words = Words()
    high_label: Words = Words()

    @property
    def span(self) -> range:
        """The numbers that may be given."""
        return range(NPS_LOW, NPS_HIGH + 1) if self.kind == "nps" else range(self.low, self.high + 1)

    def choice(self, key: str) -> Choice | None:
        return next((one for one in self.choices if one.key == key), None)


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page shows: a title, a few words, the questions, and the words after."""

    title: Words = Words()
    intro: Words = Words()
    thanks: Words = Words()
    questions: tuple[Question, ...] = ()


def read(raw: Any) -> Form:
    """
    Raises
    ------
    InvalidError
        When it is no form at all: an unknown field or kind.
    """
    try:
        return msgspec.convert(raw, Form)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$.")
        raise InvalidError(Text("问卷格式有误", "this is no survey"), faults=[Fault(f"form.{where.rstrip('`')}", Text(said, said))]) from error


def plain(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(form)
    return found


def keyed(form: Form, used: Iterable[Form]) -> Form:
    """The form with a key for each question and choice that has none: none that another question or choice ever had."""
    before = [*used, form]
    taken = {one.key for each in before for one in each.questions}
    questions = []
    for question in form.questions:
        key = question.key or _next("q", taken)
        taken.add(key)
        chosen = {one.key for each in before for other in each.questions if other.key == key for one in other.choices} | {one.key for one in question.choices}
        choices = []
        for choice in question.choices:
            mine = choice.key or _next("c", chosen)
            chosen.add(mine)
            choices.append(Choice(choice.label.trimmed(), mine))
        questions.append(msgspec.structs.replace(question, key=key, title=question.title.trimmed(), choices=tuple(choices)))
    return msgspec.structs.replace(form, questions=tuple(questions), title=form.title.trimmed())


def _next(letter: str, taken: set[str]) -> str:
    numbers = [int(key[1:]) for key in taken if key[:1] == letter and key[1:].isdecimal()]
    return f"{letter}{max(numbers, default=0) + 1}"


def check(form: Form) -> list[Fault]:
    """Everything that must be mended before it can be published."""
    faults: list[Fault] = []
    if not form.title.zh.strip():
        faults.append(Fault("form.title.zh", Text("请写标题", "it needs a title")))
    if not 1 <= len(form.questions) <= MOST_QUESTIONS:
        faults.append(Fault("form.questions", Text(f"1 到 {MOST_QUESTIONS} 题", f"1 to {MOST_QUESTIONS} questions")))
    for name in ("title", "intro", "thanks"):
        faults += _too_long(getattr(form, name), f"form.{name}", 80 if name == "title" else 500)
    keys = [one.key for one in form.questions if one.key]
    if len(set(keys)) < len(keys):
        faults.append(Fault("form.questions", Text("有两题编号相同", "two questions have the same key")))
    for place, question in enumerate(form.questions):
        faults += _check(question, f"form.questions[{place}]")
    return faults


def _check(one: Question, field: str) -> list[Fault]:
    faults = _too_long(one.title, f"{field}.title", 200) + _too_long(one.low_label, f"{field}.low_label", 20) + _too_long(one.high_label, f"{field}.high_label", 20)
    if not one.title.zh.strip():
        faults.append(Fault(f"{field}.title.zh", Text("请写题目", "the question is empty")))
    if len(one.key) > 8 or any(len(choice.key) > 8 for choice in one.choices):
        faults.append(Fault(f"{field}.key", Text("编号太长", "the key is too long")))
    if one.kind in ("single", "multi"):
        if not 2 <= len(one.choices) <= MOST_CHOICES:
            faults.append(Fault(f"{field}.choices", Text(f"2 到 {MOST_CHOICES} 个选项", f"2 to {MOST_CHOICES} choices")))
        labels = [choice.label.zh.strip() for choice in one.choices]
        if "" in labels or len(set(labels)) < len(labels):
            faults.append(Fault(f"{field}.choices", Text("选项不能为空或重复", "choices must not be empty or the same")))
        if not 0 <= one.most <= len(one.choices):
            faults.append(Fault(f"{field}.most", Text("多于选项数", "more than there are choices")))
        faults += [fault for place, choice in enumerate(one.choices) for fault in _too_long(choice.label, f"{field}.choices[{place}].label", 60)]
    elif one.choices:
        faults.append(Fault(f"{field}.choices", Text("这种题没有选项", "a question of this kind has no choices")))
    if one.kind == "scale" and not 0 <= one.low < one.high <= 10:
        faults.append(Fault(f"{field}.high", Text("在 0 到 10 之间，且小的在前", "between 0 and 10, the smaller one first")))
    return faults


def _too_long(words: Words, field: str, longest: int) -> list[Fault]:
    said = Text(f"最多 {longest} 字", f"at most {longest} characters")
    return [Fault(f"{field}.{name}", said) for name in ("zh", "en") if len(getattr(words, name)) > longest]
