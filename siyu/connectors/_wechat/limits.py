"""Limits 限制 of a WeChat product: numbers as settings, and faults of what is to be sent, all told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from typing import Any, TypeVar

from siyu.connectors.errors import ContentError
from siyu.connectors.vendor import Field
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text

L = TypeVar("L")


def number(default: int, zh: str, en: str) -> Any:
    """A limit of a limits record: its default and its words."""
    return field(default=default, metadata={"label": Text(zh, en)})


def limits_of(kind: type[L], settings: Mapping[str, Any]) -> L:
    """The defaults, with what the account's settings say otherwise (a positive whole number; empty means the default)."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    given = {name: int(settings[name]) for name in names if settings.get(name) not in (None, "")}
    return kind(**{name: value for name, value in given.items() if value > 0})


def limit_fields(kind: type[Any]) -> tuple[Field, ...]:
    """The numbers as settings to be filled in."""
    return tuple(
        Field(one.name, one.metadata["label"], pattern=r"\d{1,9}", required=False, default=str(one.default))
        for one in fields(kind)
    )


class Faults:
    """Collects what is wrong with what is to be sent, and tells all of it at once."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, field: str, zh: str, en: str) -> None:
        self._found.append(Fault(field, Text(zh, en)))

    def bytes(self, field: str, text: str, most: int) -> None:
        if (size := len(text.encode("utf-8", "surrogatepass"))) > most:
            self.add(field, f"最多 {most} 字节，现为 {size} 字节", f"at most {most} bytes; it has {size}")

    def characters(self, field: str, text: str, most: int) -> None:
        if len(text) > most:
            self.add(
                field, f"最多 {most} 字，现为 {len(text)} 字", f"at most {most} characters; it has {len(text)}"
            )

    def count(self, field: str, things: Iterable[object], most: int, least: int = 1) -> None:
        size = len(tuple(things))
        if not least <= size <= most:
            self.add(
                field, f"应为 {least} 到 {most} 个，现为 {size} 个", f"{least} to {most}; there are {size}"
            )

    def needed(self, field: str, value: object) -> None:
        if not value:
            self.add(field, "不能为空", "must not be empty")

    def between(self, field: str, value: int, least: int, most: int) -> None:
        if not least <= value <= most:
            self.add(field, f"应在 {least} 到 {most} 之间，现为 {value}", f"{least} to {most}; it is {value}")

    def tell(self) -> None:
        if self._found:
            size = len(self._found)
            raise ContentError(
                Text(f"内容有 {size} 处超出微信的限制", f"{size} limits of WeChat are broken"),
                faults=self._found,
            )
