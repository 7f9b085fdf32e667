"""Warehouse 数仓: facts at event scale, read through Ibis so that one definition runs on any engine.

In: batches of the event log. Out: tables with a stated grain, keys and units (`facts`), filled exactly once by position
(`publish`), on an engine chosen by `connect`. DuckDB is built in; another engine is one more file in `engines/`.
"""
