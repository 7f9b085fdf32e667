"""Text 文字: one sentence in the two languages of the console."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """A label or sentence in 中文 and English; both are always written, neither is derived."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh

    def to(self, language: str) -> str:
        """The sentence in `language` ("zh…" or anything else, which means English)."""
        return self.zh if language.lower().startswith("zh") else self.en

    def json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}
