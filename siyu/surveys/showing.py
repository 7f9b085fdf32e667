"""Showing 答题页: the page of a survey as HTML: no script, under 50 KB, made for a phone; also as the editor previews it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from siyu.foundation.text import Text
from siyu.surveys.questions import LONGEST_ANSWER, Form

THANKS = Text("谢谢你的回答!", "Thank you!")


def asking(
    form: Form, version: int, *, brand: str, lang: str, asked_lang: bool = False, faults: Mapping[str, str] | None = None, given: Mapping[str, Sequence[str]] | None = None, preview: bool = False
) -> str:  # fmt: skip
    """The form, with what was given before and what is wrong with it."""
    both = not preview and any(one.title.en for one in form.questions)
    return _page(
        title=form.title.to(lang) or _t(lang)("(标题)", "(title)"), said=form.intro.to(lang), form=form, version=version, brand=brand, lang=lang, both=both, asked_lang=asked_lang,
        faults=faults or {}, given=given or {}, preview=preview,
    )  # fmt: skip


def saying(title: str, said: str, *, brand: str, lang: str) -> str:
    """A few words instead: thanks, or why there is nothing to answer."""
    return _page(title=title, said=said, form=None, version=0, brand=brand, lang=lang, both=False, asked_lang=False, faults={}, given={}, preview=False)


def _t(lang: str) -> Callable[[str, str], str]:
    return lambda zh, en: zh if lang == "zh" else en


def _page(*, lang: str, **parts: object) -> str:
    return _environment().get_template("survey.html").render(**parts, lang=lang, longest=LONGEST_ANSWER, t=_t(lang))


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("siyu.surveys", "pages"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
