"""Webhook 网络钩子: tells another system what happened, signed, and says of each attempt what came of it.

In: a JSON body with an id of ours. Out: one attempt, to be kept in the delivery log 投递记录; when to try again is in the schedule.
"""
