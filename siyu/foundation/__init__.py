"""Foundation 地基: what every room stands on and none of it is about customers.

Purpose: settings, time, money, secrets, the two stores (ledger 账本, warehouse 数仓), durable jobs 任务, errors.
In: environment and the settings file. Out: `Stores`, the one value that carries the open stores through the house.
"""
