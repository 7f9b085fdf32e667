"""Campaigns 活动: broadcasts with a time, an audience, variants and a control, what came of them, and the content calendar.

Terms: campaign / broadcast 活动 / 群发 · wave 波次 · variant 版本 · control 对照组 · winner 优胜版本 · content calendar 内容日历 ·
lift 增量. In: pieces and segments. Out: sends, and what they brought.
"""
