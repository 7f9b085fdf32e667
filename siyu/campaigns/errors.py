"""Errors of campaigns."""

from __future__ import annotations

from siyu.foundation.errors import ConflictError
from siyu.foundation.text import Text


class CampaignStateError(ConflictError):
    """What was asked is not possible in the state in which the campaign is."""

    code = "campaign_state"
    title = Text("活动现在不能这样做", "Not in this state of the campaign")


class CampaignClashError(ConflictError):
    """On that day it would get in the way of others; it is moved only if that is accepted."""

    code = "campaign_clash"
    title = Text("与其他活动冲突", "It clashes with other campaigns")


class OwnApprovalError(ConflictError):
    """Whoever wrote a campaign does not approve it while somebody else may."""

    code = "own_approval"
    title = Text("需要他人审批", "Somebody else has to approve it")
