"""Referral 裂变·老带新: customers bring friends, one level only; a reward is paid when the friend is real, and taken back when they are not.

Terms: programme 裂变活动 · invitation 邀请 (one customer's link and live code) · visit 访问 · friend 好友 (who came by an invitation) ·
real 成真 (stayed, or bought) · reward 奖励 · step 阶梯 (of a task 任务宝) · group 拼团 · case 复核 (what the guard 风控 asks people to judge).
In: relations that begin, browsers that become known, numbers typed on the page, orders, merges. Out: points and coupons through loyalty,
touches and marks through acquisition, `referral_rewarded` and the activities `friend_brought`, `friend_became_real` and `referral_judged` in
the log, pages of people, results, the tree, a queue of cases.
"""
