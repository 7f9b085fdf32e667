"""Catalogue 事件目录: every event type that Siyu writes, one file a subject. `CATALOGUE` maps name → type."""

from siyu.events.catalogue.acquisition import ACQUISITION_TOUCHED, SPEND_POSTED, VISITORS_KNOWN
from siyu.events.catalogue.carriers import (
    CARRIER_REPORTED,
    DELIVERIES_SETTLED,
    RELATION_TAGS_CHANGED,
    RELATIONS_CHANGED,
)
from siyu.events.catalogue.content import CONTENT_TOUCHED
from siyu.events.catalogue.customers import (
    ACTIVITY_RECORDED,
    CONSENTS_CHANGED,
    PROFILE_RECORDED,
    TAGS_CHANGED,
    THINGS_RECORDED,
)
from siyu.events.catalogue.identity import IDENTIFIERS_CUT, IDENTIFIERS_LINKED, PEOPLE_SEEN
from siyu.events.catalogue.journeys import JOURNEY_RUNS_CHANGED, JOURNEY_STEPS_LEFT
from siyu.events.catalogue.loyalty import COUPONS_CHANGED, POINTS_CHANGED
from siyu.events.catalogue.messaging import MESSAGES_CHANGED, MESSAGES_DECIDED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.events.catalogue.segments import SEGMENT_MEMBERS_CHANGED
from siyu.events.envelope import EventType

CATALOGUE: dict[str, EventType] = {
    event.name: event
    for event in (
        PEOPLE_SEEN,
        IDENTIFIERS_LINKED,
        IDENTIFIERS_CUT,
        PROFILE_RECORDED,
        ACTIVITY_RECORDED,
        THINGS_RECORDED,
        TAGS_CHANGED,
        CONSENTS_CHANGED,
        ORDER_LINES_RECORDED,
        RELATIONS_CHANGED,
        RELATION_TAGS_CHANGED,
        CARRIER_REPORTED,
        DELIVERIES_SETTLED,
        SEGMENT_MEMBERS_CHANGED,
        MESSAGES_DECIDED,
        MESSAGES_CHANGED,
        CONTENT_TOUCHED,
        JOURNEY_RUNS_CHANGED,
        JOURNEY_STEPS_LEFT,
        POINTS_CHANGED,
        COUPONS_CHANGED,
        ACQUISITION_TOUCHED,
        VISITORS_KNOWN,
        SPEND_POSTED,
    )
}
