"""Templates 文案模板: words with variables, compiled once and filled for many people at once.

`{称呼|朋友}` is a variable with a fall-back, `{称呼}` one without; a brace that is meant is written twice. A value is never
read as a template again: a customer called `{x}` is greeted as {x}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
Escape = Callable[[str], str]


class Slot(NamedTuple):
    """A place for a variable's value; `fallback` stands there for people without one (None: there is none)."""

    name: str
    fallback: str | None


class Template(NamedTuple):
    parts: tuple[str | Slot, ...]
    loose: tuple[int, ...]
    """Where a brace stands alone, in characters from 0."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(part for part in self.parts if isinstance(part, Slot))


@lru_cache(2048)
def compiled(text: str) -> Template:
    parts: list[str | Slot] = []
    loose: list[int] = []
    words, end = "", 0
    for found in _TOKEN.finditer(text):
        words += text[end : found.start()]
        end = found.end()
        if found[0] in ("{{", "}}"):
            words += found[0][0]
        elif found[1] is None:
            loose.append(found.start())
            words += found[0]
        else:
            name, bar, fallback = found[1].partition("|")
            parts += [words, Slot(name.strip(), fallback if bar else None)]
            words = ""
    parts.append(words + text[end:])
    return Template(tuple(part for part in parts if part != ""), tuple(loose))


def faults_of(field: str, text: str, known: Callable[[str], bool]) -> list[Fault]:
    """Braces without a partner, and variables that there are not."""
    template = compiled(text)
    faults = [
        Fault(field, Text(f"第 {at + 1} 个字是单独的花括号；要写花括号请写两遍", f"character {at + 1} is a brace alone; write a brace that is meant twice"))
        for at in template.loose
    ]
    unknown = dict.fromkeys(slot.name for slot in template.slots if not known(slot.name))
    faults += [Fault(field, Text(f"没有变量「{name}」", f"there is no variable “{name}”")) for name in unknown]
    return faults


def names_in(texts: Iterable[str]) -> list[str]:
    """The variables of some texts, each once, in order."""
    return list(dict.fromkeys(slot.name for text in texts for slot in compiled(text).slots))


def fill(template: Template, values: Mapping[str, Sequence[str | None]], size: int, *, words: Escape = str, value: Escape = str) -> list[str | None]:
    """The text for each of `size` people; None for somebody who lacks a value that has no fall-back.

    `words` is applied to what the author wrote, `value` to values and fall-backs, so that neither is taken for markup.
    """
    columns: list[Iterable[str | None]] = []
    lacking = False
    for part in template.parts:
        if isinstance(part, str):
            columns.append(repeat(words(part), size))
            continue
        column = values.get(part.name) or repeat(None, size)
        other = None if part.fallback is None else value(part.fallback)
        lacking = lacking or other is None
        columns.append([other if one is None or one == "" else value(one) for one in column])
    if not columns:
        return [""] * size
    if not lacking:
        return ["".join(row) for row in zip(*columns, strict=True)]
    return [None if None in row else "".join(row) for row in zip(*columns, strict=True)]


def sample(text: str) -> str:
    """The text with its fall-backs, or the variables' names where there are none: what its length is judged by while it is written."""
    return "".join(part if isinstance(part, str) else (part.fallback if part.fallback is not None else part.name) for part in compiled(text).parts)
