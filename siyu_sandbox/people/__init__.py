"""Simulated people (模拟人群): seeded, vectorised; they know only what their phones receive, and act only over carriers.

Terms: crowd 人群 (all of them, as columns) · source 来源渠道 · need 需求 (purchases a day that happen without any message) · price
sensitivity 价格敏感度 · fatigue 疲劳 · trust 信任 · deal-hunter 羊毛党 · twin 反事实自己 (the same person, the same luck, no message ever).
"""
