"""Messaging 消息: the one way out. Who may be told now, by which carrier and account, and what became of it.

Terms: send 发送 (one content to one audience at one time) · audience 人群包 · restraint 克制策略 (frequency cap 频控, quiet hours
免打扰, mix 内容配比, cool-down 冷静期) · hold-out 对照组 · route 路由 · outbox 待发箱 · dispatch 派发 (a chunk that one call or one
conversation carries) · receipt 回执. In: sends of campaigns and journeys. Out: messages, each decided once, sent once or not at all,
with the reason.
"""
