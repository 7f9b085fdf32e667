"""Journeys 旅程: automation that marketers draw. Who comes in, which steps they take and when, where they leave, and what it brought.

Terms: journey 旅程 · step 节点 · entry 进入条件 · enrolment 在途 (one run of one person) · edge 连线 · place (a node of a published
version) · goal 目标 · exit 退出条件 · hold-out 对照组 · tick 推进 · walk 试走 · rehearsal 彩排. In: events, segments, lists, calls of the
API. Out: messages (through messaging, the one way out), tags, attributes, tasks; moves and enrolments as facts.
"""
