"""Errors of loyalty: why a code cannot be redeemed."""

from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError
from siyu.foundation.text import Text


class BadCodeError(InvalidError):
    """The last sign of a code does not fit the others: it was read or typed wrong."""

    code = "coupon_code_invalid"
    title = Text("券码有误", "The code is not right")


class UnknownCodeError(NotFoundError):
    code = "coupon_code_unknown"
    title = Text("没有这张券", "There is no such code")


class UsedCodeError(ConflictError):
    """It was redeemed before, under another reference."""

    code = "coupon_used"
    title = Text("券已核销", "The coupon was used")


class WithdrawnCodeError(ConflictError):
    """It was taken back before it was used."""

    code = "coupon_withdrawn"
    title = Text("券已作废", "The coupon was withdrawn")


class EndedCodeError(ConflictError):
    """Its time is over, or has not begun."""

    code = "coupon_not_valid_now"
    title = Text("券不在有效期", "The coupon is not valid now")


class BelowThresholdError(ConflictError):
    code = "coupon_below_threshold"
    title = Text("未满使用门槛", "The order is below the threshold")
