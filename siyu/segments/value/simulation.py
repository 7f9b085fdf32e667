"""Simulated worlds 模拟世界: purchase days of customers who behave exactly as a model says.

Used by the tests and the benchmark to check the formulas against plain counting, and fit for a power check
("how many buyers would we need?"). It shares no formula with the models: it draws waiting times and coins.
"""

from dataclasses import dataclass

import numpy as np

from siyu.segments.value._arrays import Floats, Ints
from siyu.segments.value.parameters import Parameters


@dataclass(frozen=True)
class World:
    """Purchases of simulated customers, in continuous time since each customer's first purchase.

    Attributes
    ----------
    customer : int64, row number of the customer, one row a repeat purchase
    time : float64, units since that customer's first purchase, > 0, ascending within a customer
    gone_at : float64, one a customer: time of the drop-out; infinity for never inside the simulated span
    """

    customer: Ints
    time: Floats
    gone_at: Floats


def simulate(parameters: Parameters, span: Floats, seed: int) -> World:
    """Simulate repeat purchases of each customer over its own span.

    Grain: one value of `span` is one customer (units, >= 0); one row out is one repeat purchase.

    Parameters
    ----------
    parameters : the world's true parameters
    span : how long each customer is watched, in units
    seed : of numpy's PCG64; the same seed gives the same world
    """
    random = np.random.default_rng(seed)
    size = len(span)
    rate = random.gamma(parameters.r, 1 / parameters.alpha, size)
    chance = random.beta(parameters.a, parameters.b, size) if parameters.a > 0 else np.zeros(size)
    gone_at = np.full(size, np.inf)
    alive = np.arange(size)
    if parameters.first_chance:
        leaves = random.random(size) < chance
        gone_at[leaves], alive = 0.0, alive[~leaves]
    now = np.zeros(size)
    customers, times = [np.zeros(0, np.int64)], [np.zeros(0)]
    while len(alive):
        now[alive] += random.exponential(1.0, len(alive)) / np.maximum(rate[alive], 1e-300)
        alive = alive[now[alive] <= span[alive]]
        customers.append(alive)
        times.append(now[alive])
        leaves = random.random(len(alive)) < chance[alive]
        gone_at[alive[leaves]] = now[alive[leaves]]
        alive = alive[~leaves]
    customer, time = np.concatenate(customers), np.concatenate(times)
    order = np.lexsort((time, customer))
    return World(customer[order], time[order], gone_at)


def histories(world: World, age: Floats) -> tuple[Floats, Floats]:
    """Return x and t_x of each customer at its age (units), counting the purchases up to that age."""
    seen = world.time <= age[world.customer]
    customer = world.customer[seen]
    last = np.zeros(len(age))
    np.maximum.at(last, customer, world.time[seen])
    return np.bincount(customer, minlength=len(age)).astype(np.float64), last
