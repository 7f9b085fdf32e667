"""SMS 短信: any gateway that speaks HTTP, described by a definition 接口定义 (data, no code); one is shipped for the sandbox.

In: messages by template or text for one number each. Out: one outcome a number, and happenings from the gateway's receipts 回执.
"""
