"""Loyalty 忠诚度: points as a ledger that always balances, and coupons with stock that is exact.

Terms: points 积分 · posting 记账 (one act: a grant, a spending, an expiry, a reversal) · entry 分录 (one movement between two
accounts) · batch 批次 (points that were granted together and end together) · coupon 优惠券 (what is promised) · code 券码 (one
person's) · redemption 核销.
In: journeys, campaigns, offers, tills and members who grant, spend, issue and redeem, each with a reference of their own.
Out: `points_changed` and `coupons_changed` in the log (activities of people, facts), balances and codes of people.
"""
