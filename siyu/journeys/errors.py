"""Errors of journeys."""

from __future__ import annotations

from siyu.foundation.errors import ConflictError


class JourneyStateError(ConflictError):
    """A journey cannot do this in the state it is in."""

    code = "journey_state"
