"""Identity 身份: which identifiers belong to one customer (OneID 客户).

Terms: identifier 标识 · anchor 主标识 (the strongest identifier of a row) · link 归属 · conflict 冲突.
In: `people_seen` from every source. Out: customers' ids, `identifiers_linked`, conflicts kept for review.
Merging and its undo come later; each identifier therefore keeps the customer that it was first given.
"""
