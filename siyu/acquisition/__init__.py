"""Acquisition 获客: where people come from, by which code or page, with which offer, and every yuan that it cost.

Terms: source 来源渠道 (a tree: platform → campaign → creative → place) · mark 标记 (what a code's state, a scene or a link stands for, and from
when) · touch 触点 (somebody came, was added or claimed at a source) · spend 花费 (a ledger of double entry) · budget 预算 · live code 活码 ·
offer 福利.
In: relations that began, visits and claims, files and entries of spend, what coupons, messages, commissions and staff cost.
Out: `acquisition_touched`, `visitors_known` and `spend_posted` in the log, and their facts.
"""
