"""Surveys 问卷: questions that people answer on a page of their own, and what the answers say.

Terms: survey 问卷 · question 题目 · version 版本 (what was asked; answers name theirs) · response 答卷 · NPS 净推荐值.
In: members who write questions; people who answer on `/s/<token>`, a link that is its own key.
Out: `survey_answered` among a person's activities (segments, traits and journeys hear it), results, a file of them.
"""
