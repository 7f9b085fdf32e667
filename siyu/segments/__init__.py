"""Segments 分群: rules that say who belongs, answered by one evaluator for the whole base and for the people touched.

Terms: segment 分群 (a rule with a name) · rule 规则 · leaf 条件 · window 时间窗 · member 成员 · RFM · lifecycle stage 生命周期 ·
value 客户价值. In: facts of customers and orders. Out: members with joins and leaves as events, sizes over time, and for
every customer RFM scores, a stage and a predicted value.
"""
