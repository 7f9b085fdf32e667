"""Referral 裂变: customers who bring friends: programmes of one level, rewards that are held until a friend is real, and the guard against fraud.

Terms: referral 裂变/老带新 · inviter 邀请人 · friend 好友 (who was invited) · reward 奖励 · ring 团伙 (people who invite each other for the reward) ·
K-factor K 因子 (friends that one customer brings).
In: programmes that operators define, invitations, and what friends do. Out: rewards through `loyalty`, judgements of fraud, costs of rewards.
"""
