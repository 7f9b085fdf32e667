"""Collected 接入的原文: what clients sent lies sealed in a journal of files before and after it is taken in."""

from __future__ import annotations

from siyu.collect import journal, translate
from siyu.foundation.stores import Stores
from siyu.rights.people import People
from siyu.rights.traces import patterns, text_of


def drain(stores: Stores) -> None:
    """Take in all that waits, so that it is in the log before somebody is taken out of it."""
    name, folder = journal.open_folder(stores.settings.home)
    while translate.step(stores, name, folder):
        pass


def take_out(stores: Stores, people: People) -> int:
    """Requests that speak of these people leave the journal; returns how many."""
    wanted = patterns(people)
    name, folder = journal.open_folder(stores.settings.home)
    with stores.ledger.read() as tx:
        place = translate.place_of(tx, name)
    return journal.take_out(folder, stores.secrets, place, lambda one: wanted.search(text_of(one)) is not None) if wanted else 0
