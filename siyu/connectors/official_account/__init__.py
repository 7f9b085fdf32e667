"""Official Account 公众号 (订阅号 and 服务号): followers, log-in by web page, codes with a scene, menus, and its four ways to speak.

In: calls in the words of the trade. Out: frozen records, happenings from pushes, errors of five kinds.
"""
