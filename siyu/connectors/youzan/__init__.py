"""Youzan 有赞: orders that a Youzan shop pushes, and the orders that it lists.

Facts: the push's envelope, signature and states are documented; codes of the gateway beyond those named here are not known and
count as "not available". Nothing is changed at the shop.
"""
