"""Runs in an environment of a client: takes an order from standard input, prints what each step answered."""

import json
import sys


def run(scenarios):
    """Do the scenario that the order names; a step is (name, function of what came before)."""
    order = json.load(sys.stdin)
    answers = scenarios[order["scenario"]](order)
    json.dump(answers, sys.stdout, ensure_ascii=False, default=_plain)


def attempt(act):
    """The answer of a call, or the code of its refusal."""
    try:
        return act()
    except Exception as refusal:
        code = getattr(refusal, "errcode", None)
        if code is None:
            raise
        return {"errcode": code, "errmsg": getattr(refusal, "errmsg", "")}


def _plain(value):
    return str(value)
