"""Mini Program 小程序: who opens it, their phone number where they give it, subscription messages, links and codes that lead in.

In: calls in the words of the trade. Out: frozen records, happenings from pushes, errors of five kinds.
"""
