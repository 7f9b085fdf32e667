"""Customer value 客户价值: what each customer will buy and spend next, and how sure we are.

Terms: customer-day 购买日 (all valid orders of one customer on one local day) · repeat purchase 复购 (a
purchase day after the first) · drop-out 流失 (the customer silently stops for ever) · P(alive) 存活概率 ·
expected purchases 预期购买次数 · order value 客单价 · predicted value 预测价值 · horizon 预测期 · back-test
回测 · calibration 校准期 · hold-out period 验证期 · eligibility 可预测条件 · flag 提示 · interval 区间.

Comes in: a table of customer-days, or the per-customer summary (x, t_x, T) that the warehouse computes in
SQL.
Goes out: the fitted model with intervals and flags, per-customer scores with intervals, the total of the base
with an interval, and the back-test that must stand beside every forecast.

The doors, in the order of use: ``summary.summarise`` or arrays from SQL -> ``cells.aggregate`` -> ``fit.fit``
and ``gamma_gamma.fit_order_value`` -> ``score.score`` -> ``total.total``; ``back_test.back_test`` repeats
them on the past; ``eligibility.check`` says whether a forecast may be shown at all. Everything here is
calculation: arrays in, arrays out. Theory, worked numbers and limits: docs/theory/value.md.
"""
