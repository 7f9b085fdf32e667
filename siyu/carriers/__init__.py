"""Carriers 载体: the accounts where a brand reaches people, and every relation it holds there.

Terms: carrier 载体 · account 账号 (one corp, Official Account, Mini Program, sender of mail or SMS) · contact 联系人 (a person on one
account) · relation 好友关系 (contact × staff; contact × the account itself where there is no staff) · contact way 联系我 (a live code
活码 of WeCom) · welcome 欢迎语 · inbox 收件箱 (what the carrier told us, as it came) · health 健康 · quota 配额.
In: callbacks of the carriers, answers of the connectors, what people set in the console.
Out: events `relations_changed`, `activity_recorded`, `carrier_reported`; calls to the carriers; accounts with their health.
"""
