"""Collect 数据接入: what sites, apps and servers tell with the SDKs that they have already.

Terms: feed 数据接入 (a site, app or server that sends), write key 写入密钥, journal 接收日志 (what was answered 200, on disk), operation 操作
(one thing that a client tells), quarantine 隔离区 (what could not be taken in, with its reason, kept to be taken in later).
In: HTTP of Segment, RudderStack, PostHog and 神策 clients. Out: `people_seen`, `profile_recorded`, `activity_recorded`, `things_recorded` and
`identifiers_cut` in the log, each operation once.
"""
