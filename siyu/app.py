"""App 组装: the only file that names every room. It opens the stores, and builds the server from the rooms' parts."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import time, timedelta
from time import monotonic
from typing import Any

from fastapi import FastAPI

from siyu import __version__, backup, backup_routes, demo, doctor, refill
from siyu.acquisition import budget_routes as spend_budget_routes
from siyu.acquisition import (
    code_routes,
    landing_page_routes,
    landing_routes,
    offer_page_routes,
    offer_routes,
    poster_routes,
    redeem_page_routes,
    spend_routes,
)
from siyu.acquisition import routes as acquisition_routes
from siyu.acquisition.claiming import Claiming
from siyu.acquisition.code_tasks import GROUPS as CODE_GROUPS
from siyu.acquisition.code_tasks import ROUTE as CODE_ROUTE
from siyu.acquisition.code_tasks import job_kinds as code_jobs
from siyu.acquisition.facts import FACTS as ACQUISITION_FACTS
from siyu.acquisition.link_door import ShortLinkDoor
from siyu.acquisition.tasks import ACCRUE
from siyu.acquisition.tasks import job_kinds as acquisition_jobs
from siyu.acquisition.visits import Visits
from siyu.campaigns import calendar_routes
from siyu.campaigns import report_routes as campaign_report_routes
from siyu.campaigns import routes as campaign_routes
from siyu.campaigns.tasks import DRIVE, REPORTS
from siyu.campaigns.tasks import job_kinds as campaign_jobs
from siyu.carriers import (
    callback_routes,
    delivery_routes,
    health_routes,
    join_routes,
    media_routes,
    relation_routes,
    send_routes,
    staff_routes,
    tag_routes,
    transfer_routes,
    way_routes,
    welcome_routes,
)
from siyu.carriers import routes as account_routes
from siyu.carriers.facts import FACTS as CARRIER_FACTS
from siyu.carriers.running import Carriers
from siyu.carriers.tasks import MARKS, MEDIA, RECONCILE_ALL, SENDS, SETTLE
from siyu.carriers.tasks import job_kinds as carrier_jobs
from siyu.collect import page_routes, plan_routes, quarantine_routes, stream_routes
from siyu.collect import routes as feed_routes
from siyu.collect.collector import Collector
from siyu.collect.door import Door
from siyu.collect.replay import TIDY
from siyu.collect.replay import job_kinds as collect_jobs
from siyu.content import media_routes as content_files
from siyu.content import page_routes as content_pages
from siyu.content import radar_routes
from siyu.content import routes as content_routes
from siyu.content.door import LinkDoor
from siyu.content.facts import FACTS as CONTENT_FACTS
from siyu.content.touches import Touches
from siyu.customers import consent_routes
from siyu.customers import routes as customer_routes
from siyu.customers.carrier_tags import job_kinds as customer_jobs
from siyu.customers.facts import FACTS as CUSTOMER_FACTS
from siyu.customers.likeness import names, people
from siyu.events import log
from siyu.foundation import jobs
from siyu.foundation.database import check_ledger, open_ledger
from siyu.foundation.jobs import JobKind, Runner, Running, Schedule
from siyu.foundation.migrate import migrate
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import open_warehouse
from siyu.identity import review_routes, suggest_routes
from siyu.identity import routes as identity_routes
from siyu.identity.facts import FACTS as IDENTITY_FACTS
from siyu.identity.suggest_tasks import LOOK
from siyu.identity.suggest_tasks import job_kinds as suggest_jobs
from siyu.journeys import people_routes as journey_people
from siyu.journeys import rehearsal_routes as journey_rehearsals
from siyu.journeys import report_routes as journey_reports
from siyu.journeys import routes as journey_routes
from siyu.journeys import walk_routes as journey_walks
from siyu.journeys.facts import FACTS as JOURNEY_FACTS
from siyu.journeys.rehearsal_tasks import REPORTS as JOURNEY_REPORTS
from siyu.journeys.rehearsal_tasks import job_kinds as rehearsal_jobs
from siyu.journeys.running import Journeys
from siyu.journeys.winner_tasks import WINNERS
from siyu.journeys.winner_tasks import job_kinds as winner_jobs
from siyu.loyalty import by_hand, coupon_routes
from siyu.loyalty import routes as loyalty_routes
from siyu.loyalty.facts import FACTS as LOYALTY_FACTS
from siyu.loyalty.tasks import EXPIRE
from siyu.loyalty.tasks import job_kinds as loyalty_jobs
from siyu.measurement import acquisition_routes as true_cost_routes
from siyu.measurement import advice_routes, experiment_routes, weekly_routes
from siyu.measurement import routes as measurement_routes
from siyu.measurement.facts import FACTS as MEASUREMENT_FACTS
from siyu.measurement.tasks import job_kind as report_job
from siyu.measurement.weekly_sending import AT as WEEKLY_AT
from siyu.measurement.weekly_sending import TELL as TELL_WEEKLY
from siyu.measurement.weekly_tasks import job_kinds as weekly_jobs
from siyu.messaging import (
    budget_routes,
    decision_routes,
    dispatch_routes,
    holdout_routes,
    policy_routes,
    staff_task_routes,
    suppression_routes,
)
from siyu.messaging import send_routes as message_send_routes
from siyu.messaging import staff_page_routes as staff_pages
from siyu.messaging.budget_tasks import job_kinds as budget_jobs
from siyu.messaging.dispatching import Dispatcher
from siyu.messaging.facts import FACTS as MESSAGING_FACTS
from siyu.messaging.planning_tasks import job_kinds as planning_jobs
from siyu.messaging.saying import say
from siyu.messaging.todo_tasks import job_kinds as todo_jobs
from siyu.messaging.todos import TELL
from siyu.orders import payments_routes, place_routes, shop_routes
from siyu.orders import routes as import_routes
from siyu.orders.facts import ORDERS_BUYER, ORDERS_LINE, ORDERS_ORDER
from siyu.orders.imports import Import
from siyu.orders.payments_tasks import payments_kind
from siyu.orders.place_tasks import LOOK_ALL
from siyu.orders.place_tasks import job_kinds as place_jobs
from siyu.orders.shop_tasks import FETCH_ALL, PULL_ALL
from siyu.orders.shop_tasks import job_kinds as shop_jobs
from siyu.orders.tasks import import_kind
from siyu.referral import page_routes as referral_pages
from siyu.referral import review_routes as referral_reviews
from siyu.referral import routes as referral_routes
from siyu.referral.facts import FACTS as REFERRAL_FACTS
from siyu.referral.tasks import SETTLE as REFERRALS
from siyu.referral.tasks import job_kinds as referral_jobs
from siyu.rights import page_routes as preference_pages
from siyu.rights import retention_routes
from siyu.rights import routes as right_routes
from siyu.rights.tasks import TEND
from siyu.rights.tasks import job_kinds as right_jobs
from siyu.rights.tasks import remember as remember_erasures
from siyu.river import flow
from siyu.segments import directory_routes, dossier_routes, quality_routes, report_routes, traits_routes
from siyu.segments import routes as segment_routes
from siyu.segments.export import export_kind
from siyu.segments.facts import FACTS as SEGMENT_FACTS
from siyu.segments.reports import PREPARE
from siyu.segments.tasks import RECOMPUTE, REFRESH
from siyu.segments.tasks import job_kinds as segment_jobs
from siyu.surveys import page_routes as survey_pages
from siyu.surveys import routes as survey_routes
from siyu.team import event_routes, job_routes, look_routes
from siyu.team import routes as team_routes
from siyu.web.application import build_application

FACTS = (*IDENTITY_FACTS, *CUSTOMER_FACTS, *CARRIER_FACTS, ORDERS_LINE, ORDERS_ORDER, ORDERS_BUYER, *SEGMENT_FACTS, *CONTENT_FACTS, *LOYALTY_FACTS, *REFERRAL_FACTS, *MESSAGING_FACTS, *ACQUISITION_FACTS, *JOURNEY_FACTS, *MEASUREMENT_FACTS)
ROUTERS = (
    team_routes.router,
    job_routes.router,
    event_routes.router,
    feed_routes.router,
    plan_routes.router,
    quarantine_routes.router,
    stream_routes.router,
    callback_routes.router,
    account_routes.router,
    health_routes.router,
    delivery_routes.router,
    welcome_routes.router,
    staff_routes.router,
    relation_routes.router,
    way_routes.router,
    join_routes.router,
    tag_routes.router,
    send_routes.router,
    staff_task_routes.router,
    transfer_routes.router,
    media_routes.router,
    import_routes.router,
    payments_routes.router,
    shop_routes.router,
    place_routes.router,
    identity_routes.router,
    suggest_routes.router,
    review_routes.router,
    customer_routes.router,
    consent_routes.router,
    right_routes.router,
    retention_routes.router,
    look_routes.router,
    dossier_routes.router,
    directory_routes.router,
    report_routes.router,
    quality_routes.router,
    segment_routes.router,
    traits_routes.router,
    message_send_routes.router,
    decision_routes.router,
    policy_routes.router,
    holdout_routes.router,
    budget_routes.router,
    journey_routes.router,
    journey_people.router,
    journey_rehearsals.router,
    journey_reports.router,
    journey_walks.router,
    dispatch_routes.router,
    suppression_routes.router,
    calendar_routes.router,
    campaign_routes.router,
    content_files.router,
    content_routes.router,
    campaign_report_routes.router,
    radar_routes.router,
    acquisition_routes.router,
    offer_routes.router,
    code_routes.router,
    poster_routes.router,
    landing_routes.router,
    spend_budget_routes.router,
    spend_routes.router,
    loyalty_routes.router,
    coupon_routes.router,
    survey_routes.router,
    referral_routes.router,
    referral_reviews.router,
    measurement_routes.router,
    weekly_routes.router,
    true_cost_routes.router,
    advice_routes.router,
    experiment_routes.router,
    doctor.router,
    backup_routes.router,
)
SCHEDULES = (
    Schedule("nightly recompute", RECOMPUTE, at=time(3, 0)),
    Schedule("people with news", REFRESH, every=timedelta(minutes=1)),
    Schedule("probably one person", LOOK, at=time(3, 30)),
    Schedule("nightly reconcile", RECONCILE_ALL, at=time(4, 0)),
    Schedule("orders of shops", PULL_ALL, at=time(4, 30)),
    Schedule("folders and buckets", LOOK_ALL, every=timedelta(minutes=1)),
    Schedule("orders that shops named", FETCH_ALL, every=timedelta(minutes=1)),
    Schedule("unanswered calls", SETTLE, every=timedelta(minutes=2)),
    Schedule("who receives by live codes", CODE_ROUTE, every=timedelta(minutes=1)),
    Schedule("groups of live codes", CODE_GROUPS, every=timedelta(minutes=5)),
    Schedule("media that ends", MEDIA, every=timedelta(hours=1)),
    Schedule("campaigns", DRIVE, every=timedelta(seconds=20)),
    Schedule("reports of campaigns", REPORTS, every=timedelta(minutes=10)),
    Schedule("tasks of staff", TELL, every=timedelta(minutes=1)),
    Schedule("reports of journeys", JOURNEY_REPORTS, every=timedelta(minutes=10)),
    Schedule("winners of A/B tests", WINNERS, every=timedelta(minutes=10)),
    Schedule("points and coupons that end", EXPIRE, every=timedelta(hours=1)),
    Schedule("what has accrued", ACCRUE, at=time(2, 0)),
    Schedule("referrals", REFERRALS, every=timedelta(minutes=5)),
    Schedule("results of sends", SENDS, every=timedelta(minutes=1)),
    Schedule("tags of relations", MARKS, every=timedelta(minutes=1)),
    Schedule("quarantine that ends", TIDY, at=time(5, 0)),
    Schedule("what is kept too long", TEND, at=time(2, 30)),
    Schedule("reports of the new day", PREPARE, at=time(0, 0)),
    Schedule("weekly report", TELL_WEEKLY, at=WEEKLY_AT),
)
LEASE_SECONDS = 5.0
_log = logging.getLogger("siyu")


def open_stores(settings: Settings) -> Stores:
    """Open the stores of the data folder; makes or upgrades their schema."""
    for folder in (settings.home, settings.files):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger = open_ledger(settings.ledger_url)
    check_ledger(ledger)
    migrate(ledger)
    return Stores(settings, ledger, open_warehouse(settings, FACTS), load_secrets(settings))


def job_kinds() -> tuple[JobKind, ...]:
    return (
        import_kind(_before_import, _after_import), *shop_jobs(flow), *place_jobs(), *segment_jobs(flow), report_job(), *weekly_jobs(), export_kind(flow), *carrier_jobs(), *customer_jobs(), *collect_jobs(),
        *suggest_jobs(people), payments_kind(names), *campaign_jobs(flow), *planning_jobs(flow), *loyalty_jobs(), *acquisition_jobs(), by_hand.job_kind(), *todo_jobs(), *winner_jobs(flow), *budget_jobs(flow), *rehearsal_jobs(flow),
        *right_jobs(), *referral_jobs(), *code_jobs(), *demo.job_kinds(flow), backup.job_kind(), refill.job_kind(flow),
    )  # fmt: skip


def build(stores: Stores) -> FastAPI:
    """The whole product as one ASGI application; its lifespan runs the jobs and keeps facts flowing."""
    kinds = job_kinds()
    runner = Runner(stores, kinds, SCHEDULES, lease_seconds=LEASE_SECONDS)
    carriers = Carriers(stores)
    collector = Collector(stores)
    dispatcher = Dispatcher(carriers.calls, say)
    journeys = Journeys(stores, flow)
    touches = Touches(stores)
    claiming = Claiming(stores)
    visits = Visits(stores)
    app = build_application(
        stores, ROUTERS, title="Siyu 私域", version=__version__, lifespan=_lifespan(stores, runner, carriers, collector, dispatcher, journeys), sample_name=demo.shown_name,
        pages=(preference_pages.router, content_pages.router, staff_pages.router, join_routes.pages, survey_pages.router, referral_pages.router, offer_page_routes.router, redeem_page_routes.router, landing_page_routes.router, page_routes.router),
    )
    app.state.job_kinds = kinds
    app.state.runner = runner
    app.state.carriers = carriers
    app.state.collector = collector
    app.state.dispatcher = dispatcher
    app.state.touches = touches
    app.state.claiming = claiming
    app.state.visits = visits
    app.add_middleware(LinkDoor, touches=touches)
    app.add_middleware(ShortLinkDoor, visits=visits)
    app.add_middleware(Door, collector=collector)
    return app


def _before_import(running: Running, mine: Import) -> None:
    """A brand's own data does not mix with the sample, unless it is asked to."""
    if mine.dry_run or mine.keep_sample:
        return
    demo.clear_sample(running.stores, keep_import=mine.id)
    flow(running.stores)


def _after_import(running: Running) -> None:
    flow(running.stores)
    with running.stores.ledger.begin() as tx:
        # A recompute that runs already has not seen these orders: the key says up to where it must look.
        jobs.submit(tx, RECOMPUTE, {}, now=running.stores.now(), key=f"all {log.head(tx)}", created_by=running.created_by)


def _lifespan(stores: Stores, runner: Runner, carriers: Carriers, collector: Collector, dispatcher: Dispatcher, journeys: Journeys) -> Any:
    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        stopping = threading.Event()
        flowing = threading.Thread(target=_keep_flowing, args=(stores, stopping), name="river", daemon=True)
        carriers.start()
        # One process owns an embedded ledger: nobody else sends from it.
        dispatcher.start(alone=stores.ledger.is_sqlite)
        collector.start()
        app.state.touches.start()
        app.state.claiming.start()
        app.state.visits.start()
        refill.ask(stores)
        remember_erasures(stores)
        app.state.looks.start()
        runner.start()
        flowing.start()
        journeys.start()
        yield
        stopping.set()
        journeys.stop()
        dispatcher.stop()
        carriers.stop()
        collector.stop()
        app.state.touches.stop()
        app.state.claiming.stop()
        app.state.visits.stop()
        runner.stop()
        app.state.looks.stop()
        flowing.join(timeout=10)

    return life


def _keep_flowing(stores: Stores, stopping: threading.Event) -> None:
    """Look at the head of the log twice a second; an idle look is one small read of the ledger.

    While events come in all the time it rests twice as long as it worked, so that requests keep most of the machine.
    """
    seen, rest = -1, 0.5
    while not stopping.wait(rest):
        began = monotonic()
        try:
            with stores.ledger.read() as tx:
                head = log.head(tx)
            if head != seen:
                flow(stores)
                seen = head
        except Exception:
            _log.exception("the river stopped for a moment; it goes on with the next look")
        rest = min(5.0, max(0.5, 2 * (monotonic() - began)))
