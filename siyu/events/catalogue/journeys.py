"""Events of journeys 旅程: runs of people that began, changed or ended, and each step that they left."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

JOURNEY_RUNS_CHANGED = EventType(
    name="journey_runs_changed",
    version=1,
    label=Text("旅程在途变更", "Journey runs changed"),
    description=Text("客户进入旅程、达成目标或离开旅程", "people came into a journey, reached its goal, or left it"),
    properties=(
        Property("enrolment_id", pa.int64(), "the run"),
        Property("journey_id", pa.int64(), "the journey"),
        Property("version", pa.int32(), "the version that the run is on"),
        Property("customer_id", pa.int64(), "the customer"),
        Property("number", pa.int32(), "which entry of the person it is, from 1"),
        Property("state", pa.string(), "on_the_way, failed, completed, exited, goal, held_out, removed or stopped"),
        Property("code", pa.string(), "why it failed or ended; null for none"),
        Property("entered_ms", pa.int64(), "when the person came in, epoch ms"),
        Property("ended_ms", pa.int64(), "when the run ended, epoch ms; null while it goes on"),
        Property("goal_ms", pa.int64(), "when the goal was reached, epoch ms; null if it was not"),
        Property("at_ms", pa.int64(), "when this was so, epoch ms"),
    ),
)

JOURNEY_STEPS_LEFT = EventType(
    name="journey_steps_left",
    version=1,
    label=Text("旅程节点通过", "Journey steps left"),
    description=Text("客户离开旅程的一个节点", "people left a step of a journey"),
    properties=(
        Property("enrolment_id", pa.int64(), "the run"),
        Property("journey_id", pa.int64(), "the journey"),
        Property("version", pa.int32(), "its version"),
        Property("customer_id", pa.int64(), "the customer"),
        Property("node", pa.string(), "the node"),
        Property("edge", pa.string(), "the way out that was taken; failed where the step failed"),
        Property("code", pa.string(), "a remark, such as why nothing was sent; null for none"),
        Property("arrived_ms", pa.int64(), "when the person came to it, epoch ms"),
        Property("left_ms", pa.int64(), "when they left it, epoch ms"),
    ),
)
