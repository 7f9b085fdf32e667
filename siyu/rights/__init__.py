"""Rights 个人信息权利: what a person may ask of those who hold their data, and what is done about it.

Terms: request 请求 (access 查阅复制, correct 更正, erase 删除, restrict 限制处理, withdraw 撤回同意) · receipt 回执 (what was done,
counted and signed) · holding 持有处 (a place where something of a person is kept) · register 删除登记 (keyed marks of who was
erased, kept apart from the data) · retention 保存期限 · preference page 偏好页.
In: requests from the preference page, from staff and programs. Out: files, corrections, erasures, receipts, signed links.
It stands above the rooms, because a person is in all of them.
"""
