"""Customers 客户: one row a person, with what is known of them, whatever carrier or shop they came from.

Terms: customer 客户 · attribute 属性 · tag 标签 (a fact) · timeline 时间线 · saved view 常用视图.
In: `profile_recorded`, `activity_recorded`, `tags_changed` events. Out: facts of profiles, attributes, tags and activities;
the list, the page of one customer, and exports.
"""
