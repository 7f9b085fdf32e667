"""Passwords 密码: argon2id, a floor for their strength, and readable random ones."""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from siyu.foundation.text import Text

LEAST_LENGTH = 10
MOST_LENGTH = 200
_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
_RUNS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
)
_COMMON = (
    "password",
    "passw0rd",
    "admin",
    "siyu",
    "qwerty",
    "iloveyou",
    "letmein",
    "welcome",
    "woaini",
    "mima",
    "wechat",
    "weixin",
)

# One hash takes 64 MiB (argon2-cffi's default, the low-memory profile of RFC 9106); a flood of log-ins
# must not take all of the memory.
_AT_ONCE = threading.BoundedSemaphore(4)
_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; without a hash the same work is done for nobody, so time tells nothing."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash or _nobody(), _normal(password)) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    """A hash that no password has."""
    return _HASHER.hash(secrets.token_hex(16))


def needs_rehash(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def password_faults(password: str, login: str) -> list[Text]:
    """What is wrong with a new password, all of it."""
    faults, plain = [], _normal(password).casefold()
    if len(password) < LEAST_LENGTH:
        faults.append(Text(f"至少要 {LEAST_LENGTH} 个字符", f"must have at least {LEAST_LENGTH} characters"))
    if len(password) > MOST_LENGTH:
        faults.append(Text(f"最多 {MOST_LENGTH} 个字符", f"must have at most {MOST_LENGTH} characters"))
    if login and len(login) > 2 and login.casefold() in plain:
        faults.append(Text("不能包含登录名", "must not contain the login"))
    if not faults and _is_easy(plain):
        faults.append(
            Text(
                "太容易被猜到：避免常用词、连续或重复的字符",
                "is too easy to guess: avoid common words, runs and repeated characters",
            )
        )
    return faults


def _is_easy(plain: str) -> bool:
    """Fewer than five different characters, or next to nothing beside common words and runs of keys."""
    rest = plain
    for word in _COMMON:
        rest = rest.replace(word, "")
    for run in _RUNS:
        for row in (run, run[::-1]):
            rest = re.sub("|".join(row[at : at + 4] for at in range(len(row) - 3)), "", rest)
    return len(set(plain)) < 5 or len(re.sub(r"[\W_]", "", rest)) < 4


def new_password() -> str:
    """A random password that can be read aloud: four groups of four letters or digits, 78 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _normal(password: str) -> str:
    # The same keys give other code points on some systems (NIST SP 800-63B, 5.1.1.2).
    return unicodedata.normalize("NFKC", password)
