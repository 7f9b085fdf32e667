"""Four clients from PyPI, unmodified, in one process: each sends what the order says, and tells what it was asked to send.

The order: {"url", "keys": {client: write key}, "rounds", "gap_seconds", "full"}; a round is one identify and one track.
"""

import json
import sys
import threading
import time

import sensorsanalytics as sa
from posthog import Posthog
from rudderstack.analytics.client import Client as Rudder
from segment.analytics.client import Client as Segment

order = json.load(sys.stdin)
url, rounds, gap = order["url"], order["rounds"], order["gap_seconds"]
failed: list[str] = []


def each_round():
    for number in range(rounds):
        yield number
        time.sleep(gap)


def segment(key):
    client = Segment(key, host=url, gzip=order.get("gzip", False), on_error=lambda error, items: failed.append(f"segment {error}"), max_retries=12)
    for number in each_round():
        client.identify(f"segment-{number}", {"level": number})
        client.track(f"segment-{number}", "segment ordered", {"round": number, "revenue": 9.9})
    if order["full"]:
        client.alias("segment-visitor", "segment-0")
        client.track(anonymous_id="segment-visitor", event="segment looked")
        client.page("segment-0", "shop", "home", {"url": "https://example.com/"})
        client.screen("segment-0", "app", "home")
        client.group("segment-0", "club-1", {"city": "杭州"})
    client.flush()
    client.join()


def rudder(key):
    client = Rudder(key, host=url, on_error=lambda error, items: failed.append(f"rudder {error}"), max_retries=12)
    for number in each_round():
        client.identify(f"rudder-{number}", {"level": number})
        client.track(f"rudder-{number}", "rudder ordered", {"round": number})
    if order["full"]:
        client.alias("rudder-visitor", "rudder-0")
        client.track(anonymous_id="rudder-visitor", event="rudder looked")
    client.flush()
    client.join()


def posthog(key):
    client = Posthog(key, host=url, max_retries=12, flush_interval=0.2, on_error=lambda error, items: failed.append(f"posthog {error}"))
    for number in each_round():
        client.set(distinct_id=f"posthog-{number}", properties={"level": number})
        client.capture("posthog ordered", distinct_id=f"posthog-{number}", properties={"round": number})
    if order["full"]:
        client.alias("posthog-visitor", "posthog-0")
        client.capture("posthog looked", distinct_id="posthog-visitor")
        client.set_once(distinct_id="posthog-0", properties={"first": "a"})
        client.group_identify("club", "club-1", {"city": "杭州"})
    client.shutdown()


def sensors(key):
    address = f"{url}/sa?project=default&token={key}"
    consumers = {"default": sa.DefaultConsumer(address), "batch": sa.BatchConsumer(address, max_size=5), "async": sa.AsyncBatchConsumer(address, flush_max_time=0.2)}
    for name, consumer in consumers.items():
        client = sa.SensorsAnalytics(consumer, "default")
        for number in each_round():
            user = f"sensors-{name}-{number}"
            client.profile_set(user, {"level": number}, is_login_id=True)
            client.profile_increment(user, {"visits": 1}, is_login_id=True)
            client.track(user, f"SensorsOrdered_{name}", {"round": number}, is_login_id=True)
        if order["full"]:
            client.track(f"{name}-visitor", f"SensorsLooked_{name}")
            client.track_signup(f"sensors-{name}-0", f"{name}-visitor")
            client.profile_append(f"sensors-{name}-0", {"likes": ["tea"]}, is_login_id=True)
            client.profile_set_once(f"sensors-{name}-0", {"first": "a"}, is_login_id=True)
        client.close()


CLIENTS = {"segment": segment, "rudder": rudder, "posthog": posthog, "sensors": sensors}


def run(name):
    try:
        CLIENTS[name](order["keys"][name])
    except Exception as error:
        failed.append(f"{name} {type(error).__name__} {error}")


threads = [threading.Thread(target=run, args=(name,)) for name in order["keys"]]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
json.dump({"failed": failed}, sys.stdout)
