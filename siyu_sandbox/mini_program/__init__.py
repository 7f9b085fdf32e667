"""The Mini Program server (小程序): log-in, subscription messages, links and codes, conversations."""
