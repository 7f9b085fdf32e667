"""Addresses 网址 in words: where one begins and ends."""

from __future__ import annotations

import re

ADDRESS = re.compile(r"https?://[^\s<>\"'{}\u3000-\u303f\uff00-\uffef\u2018-\u201d]+", re.IGNORECASE)
_LOOSE_END = ".,;:!?)]"


def tidy(found: str) -> str:
    """An address without the punctuation of the sentence it stands in."""
    return found.rstrip(_LOOSE_END)


def in_words(text: str) -> list[str]:
    return [tidy(found[0]) for found in ADDRESS.finditer(text)]


def broken_by_variables(text: str) -> list[str]:
    """Addresses that run into a variable: a value could lead elsewhere, and no token can stand for them."""
    return [
        found[0]
        for found in ADDRESS.finditer(text)
        if text[found.end() : found.end() + 1] == "{" and text[found.end() : found.end() + 2] != "{{"
    ]
