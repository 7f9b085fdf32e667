"""Identity 身份: which identifiers belong to one customer (OneID 客户), and customers who turn out to be one person, or two.

Terms: identifier 标识 · anchor 主标识 (the strongest identifier of a row) · link 归属 · limit 上限 · shared 共用 · conflict 冲突 ·
merge 合并 · split 拆分 · undo 撤销 · operation 操作 · move 搬移 (what becomes of a room's rows).
In: `people_seen` and `identifiers_cut` from every source. Out: customers' ids, `identifiers_linked`, conflicts kept for review.
"""
