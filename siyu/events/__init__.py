"""Events 事件: everything that happened, written down once, in order, before anything is made of it.

Terms: event 事件 (past tense) · batch 批 (many rows of one event, one position) · position 位置 (commit order, without
gaps) · reaction 反应 (what a room does about an event) · cursor 游标 (how far a reaction has come) · identifier 标识.
In: rows from imports, SDKs, callbacks and from the rooms themselves. Out: batches in order, to reactions and facts.
"""
