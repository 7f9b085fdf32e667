"""Templates 现成旅程: journeys that the field has proved, as drafts to be adapted. Each says why, when, what it does and what to adapt.

A step that this installation does not have is left out with the way through it kept: a template never makes a dead node. What only the brand
can say (which piece, which segment) stays open, and `checks` asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from siyu.foundation.errors import NotFoundError
from siyu.foundation.text import Text
from siyu.journeys.definition import Definition, read

NEXT = "next"
_WAITS = ("wait", "until_time")


@dataclass(frozen=True)
class Part:
    """One step of a template. `ways`: what follows each way out before the rest of the journey; a way that is not named goes on with the rest.
    `instead`: the way that is taken where the step does not exist. `choose`: what the brand has to choose here."""

    step: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    note: Text | None = None
    edges: tuple[str, ...] = (NEXT,)
    ways: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    instead: str = NEXT
    choose: Text | None = None


@dataclass(frozen=True)
class Template:
    """`more`: the rest of the definition (goal, exits, re-entry). `choose`: what has to be chosen of the entry."""

    code: str
    name: Text
    why: Text
    when: Text
    does: Text
    adapt: Text
    entry: Mapping[str, Any]
    parts: tuple[Part, ...]
    more: Mapping[str, Any] = field(default_factory=dict)
    choose: Text | None = None


OVER = Part("end", edges=())
"""The way ends here and does not go on with the rest."""


def definition_of(template: Template, kinds: Collection[str], language: str) -> Definition:
    """The journey that a template draws with the steps that there are; its remarks in one language."""
    drawing = _Drawing(kinds, language)
    start = drawing.draw(_told(template, kinds), None)
    return read({"entry": dict(template.entry), "nodes": drawing.nodes, "start": start, **template.more})


def parts_of(template: Template, kinds: Collection[str]) -> list[Part]:
    """The steps that it would use here, in the order in which people come to them."""
    return _kept(_told(template, kinds), kinds)


def choices_of(template: Template, kinds: Collection[str]) -> list[Text]:
    """What has to be chosen before it can be published, each once."""
    found = [template.choose, *(part.choose for part in parts_of(template, kinds))]
    return list(dict.fromkeys(one for one in found if one is not None))


def find(code: str, among: Sequence[Template]) -> Template:
    """
    Raises
    ------
    NotFoundError
    """
    for one in among:
        if one.code == code:
            return one
    raise NotFoundError(Text(f"没有模板 {code}", f"there is no template {code}"), way_out=Text("在模板列表中选择", "choose one of the list"))


def _told(template: Template, kinds: Collection[str]) -> tuple[Part, ...]:
    """Its steps without waits at the end: where what was waited for does not exist, nobody is kept waiting."""
    parts = [part for part in template.parts if part.step in kinds or part.ways]
    while parts and parts[-1].step in _WAITS:
        parts.pop()
    return tuple(parts)


def _kept(parts: Sequence[Part], kinds: Collection[str]) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        if part.step not in kinds:
            found += _kept(part.ways.get(part.instead, ()), kinds)
            continue
        found.append(part)
        for edge in part.edges:
            found += _kept(part.ways.get(edge, ()), kinds)
    return found


class _Drawing:
    """Nodes as they are numbered in the order in which people come to them."""

    def __init__(self, kinds: Collection[str], language: str) -> None:
        self.kinds, self.language = kinds, language
        self.nodes: dict[str, dict[str, Any]] = {}

    def draw(self, parts: Sequence[Part], after: str | None) -> str | None:
        """Draws steps that go on to `after`; returns the first of them."""
        if not parts:
            return after
        part, rest = parts[0], tuple(parts[1:])
        if part.step not in self.kinds:
            return self.draw((*part.ways.get(part.instead, ()), *rest), after)
        name = f"n{len(self.nodes) + 1}"
        node = self.nodes[name] = {"step": part.step, "with": dict(part.settings), "to": {}}
        if part.note is not None:
            node["note"] = part.note.to(self.language)
        # Drawn once, however many ways lead to it, and only where one does.
        ways = {edge: part.ways.get(edge, ()) for edge in part.edges}
        onward = self.draw(rest, after) if any(not _ends(way, self.kinds) for way in ways.values()) else after
        node["to"] = {edge: self.draw(way, onward) for edge, way in ways.items()}
        return name


def _ends(parts: Sequence[Part], kinds: Collection[str]) -> bool:
    """Whether nobody who takes these steps goes on with the rest."""
    for part in parts:
        if part.step not in kinds:
            if _ends(part.ways.get(part.instead, ()), kinds):
                return True
        elif all(_ends(part.ways.get(edge, ()), kinds) for edge in part.edges):
            return True
    return False
