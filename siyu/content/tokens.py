"""Tokens 链接令牌: which link, and whose, in a few characters that nobody can read, alter, guess or count through.

A token is one block that is enciphered whole (a Feistel network of ten rounds of AES-128, as in NIST SP 800-38G), and a part of the
block must be zero again when it is opened: to alter one sign is to draw another block by lot. Nothing is stored.

| form | characters | check | link | person | a forged one passes |
|---|---|---|---|---|---|
| short (SMS) | 16 | 32 bits | 28 bits | 34 bits | 1 in 4.3 thousand million, and its link and person must exist as well |
| long | 22 | 48 bits | 32 bits | 46 bits | 1 in 280 million million |
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from siyu.foundation.secrets import Secrets

Who = Literal["nobody", "customer", "visitor"]
_WHO: tuple[Who, ...] = ("nobody", "customer", "visitor")
_ROUNDS = 10
_Blocks = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16}(?:[A-Za-z0-9_-]{6})?")


class Ticket(NamedTuple):
    """What a token says. `person`: the customer's or the visitor's number; 0 for nobody (a link that many share)."""

    link_id: int
    who: Who
    person: int


class _Form(NamedTuple):
    size: int
    check: int
    link: int
    person: int


SHORT, LONG = _Form(12, 32, 28, 34), _Form(16, 48, 32, 46)
VISITOR_BITS = LONG.person


LINKS = "content tokens"
"""What a token is for: one of another purpose does not open."""


def seal(secrets: Secrets, link_id: int, persons: Sequence[int], *, who: Who = "customer", short: bool = False, purpose: str = LINKS) -> list[str]:
    """A token for each person. Numbers that the short form cannot hold get the long one."""
    if not persons:
        return []
    fits = link_id < 1 << SHORT.link and max(persons) < 1 << SHORT.person
    form = SHORT if short and fits else LONG
    if link_id >= 1 << form.link or max(persons) >= 1 << form.person:
        raise ValueError("a token cannot hold a number that large")
    blocks = _laid_out(form, link_id, np.asarray(persons, np.uint64), _WHO.index(who))
    sealed = _enciphered(_cipher(secrets, purpose), form, blocks)
    text = urlsafe_b64encode(_padded(form, sealed)).decode()
    width, kept = (16, 16) if form is SHORT else (24, 22)
    return [text[at : at + kept] for at in range(0, len(persons) * width, width)]


def open_token(secrets: Secrets, token: str, purpose: str = LINKS) -> Ticket | None:
    """What it says; None when it is not ours, or was made for something else."""
    if not _TOKEN.fullmatch(token):
        return None
    form = SHORT if len(token) == 16 else LONG
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    plain = _deciphered(_cipher(secrets, purpose), form, raw)
    kind = plain >> (form.link + form.person) & 3
    if plain >> (form.size * 8 - form.check) or kind >= len(_WHO) or urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        return None
    return Ticket(plain >> form.person & (1 << form.link) - 1, _WHO[kind], plain & (1 << form.person) - 1)


def _laid_out(form: _Form, link_id: int, persons: np.ndarray[tuple[int], np.dtype[np.uint64]], who: int) -> _Blocks:
    """Check (zero) | who | link | person, big-endian."""
    head = who << form.link | link_id
    low = np.uint64((head << form.person) & (1 << 64) - 1) | persons
    high = (head << form.person) >> 64
    words = np.empty((len(persons), 2), ">u8")
    words[:, 0], words[:, 1] = high, low
    return np.ascontiguousarray(words.view(np.uint8).reshape(len(persons), 16)[:, 16 - form.size :])


def _padded(form: _Form, blocks: _Blocks) -> bytes:
    """Each block filled up to whole groups of three, so that base64 keeps them apart."""
    if form.size % 3 == 0:
        return blocks.tobytes()
    wide = np.zeros((len(blocks), 18), np.uint8)
    wide[:, : form.size] = blocks
    return wide.tobytes()


def _enciphered(aes: CipherContext, form: _Form, blocks: _Blocks) -> _Blocks:
    left, right = _halves(blocks)
    turn = _Turns(aes, form, len(blocks))
    for number in range(_ROUNDS):
        left, right = right, left ^ turn(number, right)
    return np.hstack([left, right])


def _deciphered(aes: CipherContext, form: _Form, block: bytes) -> int:
    """One block, in whole numbers: for one, arrays would take longer than the cipher."""
    half = form.size // 2
    left, right = int.from_bytes(block[:half], "big"), int.from_bytes(block[half:], "big")
    for number in reversed(range(_ROUNDS)):
        turned = aes.update(bytes((form.size, number, 0, 0, 0, 0, 0, 0)) + left.to_bytes(half, "big") + bytes(8 - half))
        left, right = right ^ int.from_bytes(turned[:half], "big"), left
    return left << half * 8 | right


def _cipher(secrets: Secrets, purpose: str) -> CipherContext:
    """AES as a keyed function of one block."""
    return Cipher(algorithms.AES(secrets.sign(purpose.encode())[:16]), modes.ECB()).encryptor()  # noqa: S305  not a way to hide text


def _halves(blocks: _Blocks) -> tuple[_Blocks, _Blocks]:
    half = blocks.shape[1] // 2
    return blocks[:, :half].copy(), blocks[:, half:].copy()


class _Turns:
    """The round function: AES of (form, round, half), cut to a half."""

    def __init__(self, aes: CipherContext, form: _Form, count: int) -> None:
        self._aes = aes
        self._block = np.zeros((count, 16), np.uint8)
        self._block[:, 0] = form.size
        self._half = form.size // 2

    def __call__(self, number: int, half: _Blocks) -> _Blocks:
        self._block[:, 1] = number
        self._block[:, 8 : 8 + self._half] = half
        return np.frombuffer(self._aes.update(self._block.tobytes()), np.uint8).reshape(-1, 16)[:, : self._half]
