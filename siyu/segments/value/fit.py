"""Fit and choose a purchase model 拟合与选择购买模型.

The rule of choice, on the same cells:

1. NBD (2 parameters), BG/NBD and MBG/NBD (4) are fitted by maximum likelihood.
2. Drop-out is *identified* when the better of the last two gains more than 2 in log-likelihood over the NBD
   (Akaike's criterion for two more parameters). If not, the NBD is returned with the flag
   ``no_drop_out_identified``, also when another model was asked for.
3. Between BG/NBD and MBG/NBD the larger log-likelihood wins. Within 2 of each other they fit alike, and the
   share of one-time buyers decides: MBG/NBD above one half (there P(alive) = 1 of the BG/NBD for all of them
   would be absurd), else BG/NBD.
"""

from dataclasses import dataclass

import numpy as np

from siyu.segments.value import bg_nbd, mbg_nbd, nbd
from siyu.segments.value._arrays import Floats
from siyu.segments.value.cells import Cells, aggregate
from siyu.segments.value.flags import (
    AT_BOUND,
    MODEL_FORCED,
    NO_DROP_OUT,
    NO_INTERVALS,
    POOLED_RATE,
    TOO_FEW_BUYERS,
    TOO_FEW_REPEAT_BUYERS,
    Flag,
)
from siyu.segments.value.optimum import Interval, Objective, Optimum, climb
from siyu.segments.value.parameters import ModelName, Parameters

LEAST_GAIN = 2.0
LEAST_BUYERS = 10
LEAST_REPEAT_BUYERS = 5
COARSE_ABOVE = 20_000
RATE_BOUNDS = [(float(np.log(low)), float(np.log(high))) for low, high in ((1e-4, 1e3), (1e-4, 1e5))]
DROP_OUT_BOUNDS = [(float(np.log(low)), float(np.log(high))) for low, high in ((1e-6, 1e4), (1e-4, 1e5))]
LIKELIHOODS = {"bg_nbd": bg_nbd.log_likelihood, "mbg_nbd": mbg_nbd.log_likelihood, "nbd": nbd.log_likelihood}
# Two starts of (a, b): few drop out, half drop out. A second optimum was never seen; a poor first step was.
DROP_OUT_STARTS = ((0.5, 2.0), (3.0, 3.0))


@dataclass(frozen=True)
class PurchaseModel:
    """A fitted purchase model.

    Attributes
    ----------
    parameters : the model's name and parameters; alpha in units
    log_likelihood : sum over customers, or None when a pooled rate is used
    intervals : parameter name -> Interval at the level asked for
    optimum : of the log parameters, or None when a pooled rate is used
    tried : model name -> optimum of every model tried
    buyers, one_time_buyers : customers, and those of them with x = 0
    flags : remarks, in the order of weight
    """

    parameters: Parameters
    log_likelihood: float | None
    intervals: dict[str, Interval]
    optimum: Optimum | None
    tried: dict[ModelName, Optimum]
    buyers: float
    one_time_buyers: float
    flags: tuple[Flag, ...]

    @property
    def compared(self) -> dict[str, float]:
        """Return the log-likelihood of every model tried, by name."""
        return {name: found.log_likelihood for name, found in self.tried.items()}


def parameters_at(name: ModelName, optimum: Optimum) -> Parameters:
    """Return the parameters of a model at its optimum."""
    return Parameters(name, *(float(value) for value in np.exp(optimum.log_parameters)))


def fit(cells: Cells, model: ModelName | None = None, level: float = 0.95) -> PurchaseModel:
    """Fit the purchase model of a base of customers; never raises on valid histories, however few or odd.

    Grain: one row in is one cell (or one customer with count 1); one model out.

    Parameters
    ----------
    cells : from ``cells.aggregate`` (fast), ``cells.one_by_one`` (exact) or the caller's SQL
    model : force a model; None chooses by the rule of this module
    level : of the parameter intervals, 0..1

    Returns
    -------
    PurchaseModel. With fewer than 10 buyers or 5 repeat buyers it holds one pooled purchase rate and the
    flags ``too_few_buyers`` or ``too_few_repeat_buyers``, ``pooled_rate_used`` and
    ``no_parameter_intervals``.
    """
    repeat_buyers = float(cells.count[cells.x > 0].sum())
    if float(cells.count.sum()) < LEAST_BUYERS or repeat_buyers < LEAST_REPEAT_BUYERS:
        return _pooled(cells)
    tried: dict[ModelName, Optimum] = {"nbd": _search("nbd", cells, [np.log(_first_guess(cells))])}
    flags: tuple[Flag, ...] = (MODEL_FORCED,) if model else ()
    if model == "nbd":
        return _result("nbd", tried, cells, level, flags)
    starts = [np.append(tried["nbd"].log_parameters, np.log(start)) for start in DROP_OUT_STARTS]
    names: tuple[ModelName, ...] = (model,) if model else ("bg_nbd", "mbg_nbd")
    tried |= {name: _search(name, cells, starts) for name in names}
    chosen = choose({name: found.log_likelihood for name, found in tried.items()}, _one_time_rate(cells))
    return _result(chosen, tried, cells, level, (NO_DROP_OUT, *flags) if chosen == "nbd" else flags)


def choose(tried: dict[ModelName, float], one_time_rate: float) -> ModelName:
    """Return the model to use, by the rule of this module.

    Parameters
    ----------
    tried : log-likelihood of the nbd and of bg_nbd, mbg_nbd or both, on the same cells
    one_time_rate : share of one-time buyers, 0..1
    """
    best = max(tried, key=lambda name: tried[name])
    # Written so that a value that is not a number falls to the NBD.
    if not tried[best] - tried["nbd"] > LEAST_GAIN:
        return "nbd"
    preferred: ModelName = "mbg_nbd" if one_time_rate > 0.5 else "bg_nbd"
    return preferred if preferred in tried and tried[best] - tried[preferred] <= LEAST_GAIN else best


def log_likelihood(parameters: Parameters, cells: Cells) -> float:
    """Return the log-likelihood of given parameters; one row in is one cell."""
    objective = LIKELIHOODS[parameters.model]
    return objective(np.log(list(parameters.named().values())), cells)[0]


def _search(name: ModelName, cells: Cells, starts: list[Floats]) -> Optimum:
    """Return the best optimum found; a later start is tried only when an earlier one ended badly."""
    bounds = RATE_BOUNDS if name == "nbd" else RATE_BOUNDS + DROP_OUT_BOUNDS
    buyers = float(cells.count.sum())
    likelihood = LIKELIHOODS[name]

    def objective(point: Floats) -> tuple[float, Floats]:
        return likelihood(point, cells)

    if len(cells) > COARSE_ABOVE:
        starts = [_coarse_optimum(name, cells, starts[0]).log_parameters, *starts]
    best = _climb_inside(objective, starts[0], bounds, buyers)
    for start in starts[1:]:
        if best.covariance is not None:
            break
        other = _climb_inside(objective, start, bounds, buyers)
        best = other if other.log_likelihood > best.log_likelihood else best
    return best


def _coarse_optimum(name: ModelName, cells: Cells, start: Floats) -> Optimum:
    """Return the optimum on wide bins: a start within a few per cent at a tenth of the cost."""
    coarse = aggregate(cells.x, cells.t_x, cells.T, max(float(cells.T.max()) / 26, 1e-9), cells.count)
    likelihood = LIKELIHOODS[name]
    bounds = RATE_BOUNDS if name == "nbd" else RATE_BOUNDS + DROP_OUT_BOUNDS
    return _climb_inside(lambda point: likelihood(point, coarse), start, bounds, float(cells.count.sum()))


def _climb_inside(
    objective: Objective, start: Floats, bounds: list[tuple[float, float]], buyers: float
) -> Optimum:
    low, high = np.array(bounds).T
    return climb(objective, np.clip(start, low + 0.01, high - 0.01), bounds, buyers)


def _first_guess(cells: Cells) -> Floats:
    """Return (r, alpha) with r = 1/2, as most bases have, and the mean rate of the data."""
    rate = float(cells.count @ cells.x) / max(float(cells.count @ cells.T), 1e-9)
    return np.array([0.5, 0.5 / max(rate, 1e-9)])


def _one_time_rate(cells: Cells) -> float:
    return float(cells.count[cells.x == 0].sum() / cells.count.sum())


def _result(
    name: ModelName, tried: dict[ModelName, Optimum], cells: Cells, level: float, flags: tuple[Flag, ...]
) -> PurchaseModel:
    found = tried[name]
    parameters = parameters_at(name, found)
    if found.at_bound:
        flags = (*flags, AT_BOUND)
    if found.covariance is None:
        flags = (*flags, NO_INTERVALS)
    return PurchaseModel(
        parameters=parameters,
        log_likelihood=found.log_likelihood,
        intervals=dict(zip(parameters.named(), found.intervals(level), strict=True)),
        optimum=found,
        tried=tried,
        buyers=float(cells.count.sum()),
        one_time_buyers=float(cells.count[cells.x == 0].sum()),
        flags=flags,
    )


def _pooled(cells: Cells) -> PurchaseModel:
    """Return an NBD with r = 1 and the rate (sum x + 1/2) / (sum T + 1), finite for an empty base too."""
    purchases, time = float(cells.count @ cells.x) + 0.5, float(cells.count @ cells.T) + 1.0
    buyers = float(cells.count.sum())
    return PurchaseModel(
        parameters=Parameters("nbd", 1.0, time / purchases),
        log_likelihood=None,
        intervals={},
        optimum=None,
        tried={},
        buyers=buyers,
        one_time_buyers=float(cells.count[cells.x == 0].sum()),
        flags=(TOO_FEW_BUYERS if buyers < LEAST_BUYERS else TOO_FEW_REPEAT_BUYERS, POOLED_RATE, NO_INTERVALS),
    )
