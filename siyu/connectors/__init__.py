"""Connectors 连接器: how Siyu speaks to each carrier's servers (WeCom, Official Account, Mini Program, email, SMS, webhook).

What comes in: credentials and settings of one account, the ports (tokens, limits, watch), calls in the words of the trade, and
raw callbacks. What goes out: frozen records of what the vendor answered, happenings 动态 that a callback told of, and
errors of five kinds. No database here: the rooms above keep what must be kept, through `ports`.
"""
