"""Measurement 度量: what happened, in numbers that can be recomputed from the facts.

Terms: metric 指标 (a small record: what is counted, in which unit, by which formula) · report 报表 (metrics laid out for
reading) · grain 粒度 (day, week or month) · cohort 同期群 (buyers by the month of their first order) · repurchase 复购 ·
concentration 集中度 (how much of the revenue few buyers bring). In: the facts of orders and customers. Out: reports,
published in the ledger under the position of the facts they were computed from; a page, a file and the command line
read the same ones.
"""
