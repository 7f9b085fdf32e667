"""The whole forecast of a base 客户价值预测: fit, score, total, eligibility and flags in one call."""

from dataclasses import dataclass

from siyu.segments.value.back_test import BackTest, fit_money
from siyu.segments.value.cells import Cells, aggregate
from siyu.segments.value.eligibility import Eligibility, check, history
from siyu.segments.value.fit import PurchaseModel, fit
from siyu.segments.value.flags import NO_BACK_TEST, Flag
from siyu.segments.value.gamma_gamma import OrderValue
from siyu.segments.value.parameters import ModelName
from siyu.segments.value.score import Scores, score
from siyu.segments.value.summary import Summary
from siyu.segments.value.total import Total, total


@dataclass(frozen=True)
class Forecast:
    """Everything a page on customer value shows; the figures of single customers are in `scores`."""

    model: PurchaseModel
    order_value: OrderValue
    scores: Scores
    total: Total
    eligibility: Eligibility
    back_test: BackTest | None
    flags: tuple[Flag, ...]


def forecast(
    summary: Summary,
    horizon_days: int,
    back_test: BackTest | None = None,
    model: ModelName | None = None,
    cells: Cells | None = None,
) -> Forecast:
    """Forecast every customer of the base and the base as a whole.

    Grain: one row in is one customer. Never raises on valid histories; whether the result may be shown is in
    `eligibility`.

    Parameters
    ----------
    summary : the base as of the end day
    horizon_days : > 0
    back_test : of the same base on an earlier day; its value error widens the interval of the total
    model : force a purchase model; None chooses (see ``fit``)
    cells : already aggregated in SQL; None aggregates here
    """
    fitted = fit(cells or aggregate(summary.x, summary.t_x, summary.T), model)
    money = fit_money(summary)
    scores = score(summary, fitted, money, horizon_days)
    past = back_test.flags if back_test else (NO_BACK_TEST,)
    error = back_test.value_error_rate if back_test else None
    return Forecast(
        model=fitted,
        order_value=money,
        scores=scores,
        total=total(summary, fitted, money, scores, error),
        eligibility=check(history(summary)),
        back_test=back_test,
        flags=(*fitted.flags, *money.flags, *past),
    )
