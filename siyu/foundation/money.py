"""Money 金额: integer fen (分, a hundredth of the currency's unit) with the currency kept beside it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

MAX_FEN = 10**15
"""10 trillion yuan: an amount beyond it is a fault in the data, not a sale."""

_SIGNS = {"CNY": "¥", "GBP": "£", "USD": "$", "EUR": "€", "HKD": "HK$", "JPY": "JP¥"}


def to_fen(amount: Decimal | int | str) -> int:
    """Fen of an amount in the currency's unit, half away from zero (0.005 → 1 fen)."""
    return int((Decimal(amount) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def format_fen(fen: int, currency: str) -> str:
    """`¥1,234.50`: for the command line and texts; the console formats for its own language."""
    return f"{'-' if fen < 0 else ''}{_SIGNS.get(currency, currency + ' ')}{abs(fen) / 100:,.2f}"
