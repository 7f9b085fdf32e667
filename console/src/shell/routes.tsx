// Every page of the console, loaded when it is first opened.

import { type ComponentType, createElement } from "react";
import { createBrowserRouter, Navigate } from "react-router";
import { type Late, needTexts } from "@/locales";
import { Gate } from "./Gate";
import { Guard } from "./Guard";
import { NotFound } from "./NotFound";
import { RouteError } from "./RouteError";
import { Shell } from "./Shell";

type Page = Record<string, ComponentType>;

/** A page of its own chunk, shown only to members with the permission. */
function page(path: string, permission: string | null, name: string, load: () => Promise<Page>) {
  return {
    path,
    lazy: async () => {
      const Component = (await load())[name] as ComponentType;
      if (!permission) return { Component };
      return { Component: () => createElement(Guard, { permission }, createElement(Component)) };
    },
    errorElement: <RouteError />,
  };
}

/** Pages of a room whose texts come with its first page. */
const of =
  (texts: Late, permission: string) =>
  (path: string, name: string, load: () => Promise<unknown>, needs = permission) =>
    page(path, needs, name, async () => {
      const [loaded] = await Promise.all([load(), needTexts(texts)]);
      return loaded as Page;
    });
const acquire = of("acquire", "acquisition.read");
const cost = of("cost", "reports.read");
const referral = of("referral", "referral.read");

const segments = () => import("@/rooms/segments/SegmentsPage") as Promise<Page>;
const landingPage = () => import("@/rooms/acquisition/codes/LandingPage");
const piece = () => import("@/rooms/content/PiecePage") as Promise<Page>;
const offer = () => import("@/rooms/acquisition/offers/OfferEditorPage");
const builder = () => import("@/rooms/segments/builder/BuilderPage") as Promise<Page>;

export const router = createBrowserRouter([
  {
    ...page("/login", null, "LoginPage", () => import("@/rooms/team/LoginPage") as Promise<Page>),
    hydrateFallbackElement: <p className="boot-line">Siyu 私域</p>,
  },
  {
    element: <Gate />,
    hydrateFallbackElement: <p className="boot-line">Siyu 私域</p>,
    errorElement: <RouteError />,
    children: [
      page("/segments/new", "segments.read", "BuilderPage", builder),
      page("/segments/:id", "segments.read", "BuilderPage", builder),
      page(
        "/journeys/:id",
        "journeys.read",
        "JourneyPage",
        () => import("@/rooms/journeys/JourneyPage") as Promise<Page>,
      ),
      {
        element: <Shell />,
        children: [
          page("/", null, "OverviewPage", () => import("@/rooms/measurement/OverviewPage") as Promise<Page>),
          page(
            "/customers",
            "customers.read",
            "CustomersPage",
            () => import("@/rooms/customers/CustomersPage") as Promise<Page>,
          ),
          page(
            "/customers/:id",
            "customers.read",
            "CustomerPage",
            () => import("@/rooms/customers/CustomerPage") as Promise<Page>,
          ),
          page(
            "/identity",
            "identity.read",
            "IdentityPage",
            () => import("@/rooms/identity/IdentityPage") as Promise<Page>,
          ),
          page(
            "/accounts",
            "carriers.read",
            "AccountsPage",
            () => import("@/rooms/carriers/AccountsPage") as Promise<Page>,
          ),
          page(
            "/accounts/new",
            "carriers.write",
            "ConnectPage",
            () => import("@/rooms/carriers/ConnectPage") as Promise<Page>,
          ),
          page(
            "/accounts/:id",
            "carriers.read",
            "AccountPage",
            () => import("@/rooms/carriers/AccountPage") as Promise<Page>,
          ),
          page(
            "/relations",
            "carriers.read",
            "RelationsPage",
            () => import("@/rooms/carriers/RelationsPage") as Promise<Page>,
          ),
          page("/staff", "carriers.read", "StaffPage", () => import("@/rooms/carriers/StaffPage") as Promise<Page>),
          page("/tags", "carriers.read", "TagsPage", () => import("@/rooms/carriers/TagsPage") as Promise<Page>),
          page("/segments", "segments.read", "SegmentsPage", segments),
          page(
            "/campaigns",
            "campaigns.read",
            "CampaignsPage",
            () => import("@/rooms/campaigns/CampaignsPage") as Promise<Page>,
          ),
          page(
            "/journeys",
            "journeys.read",
            "JourneysPage",
            () => import("@/rooms/journeys/JourneysPage") as Promise<Page>,
          ),
          { path: "/campaigns/new", element: <Navigate to="/campaigns" replace /> },
          page(
            "/campaigns/:id",
            "campaigns.read",
            "CampaignPage",
            () => import("@/rooms/campaigns/CampaignPage") as Promise<Page>,
          ),
          page(
            "/campaigns/:id/edit",
            "campaigns.read",
            "WizardPage",
            () => import("@/rooms/campaigns/wizard/WizardPage") as Promise<Page>,
          ),
          page(
            "/calendar",
            "campaigns.read",
            "CalendarPage",
            () => import("@/rooms/campaigns/calendar/CalendarPage") as Promise<Page>,
          ),
          page(
            "/traits",
            "segments.read",
            "TraitsPage",
            () => import("@/rooms/segments/traits/TraitsPage") as Promise<Page>,
          ),
          page(
            "/traits/:id",
            "segments.read",
            "TraitPage",
            () => import("@/rooms/segments/traits/TraitPage") as Promise<Page>,
          ),
          page("/rfm", "reports.read", "RfmPage", () => import("@/rooms/segments/RfmPage") as Promise<Page>),
          page(
            "/lifecycle",
            "reports.read",
            "LifecyclePage",
            () => import("@/rooms/segments/LifecyclePage") as Promise<Page>,
          ),
          page(
            "/quality",
            "reports.read",
            "QualityPage",
            () => import("@/rooms/segments/QualityPage") as Promise<Page>,
          ),
          page("/value", "reports.read", "ValuePage", () => import("@/rooms/segments/ValuePage") as Promise<Page>),
          page("/content", "content.read", "LibraryPage", () => import("@/rooms/content/LibraryPage") as Promise<Page>),
          page(
            "/content/radar",
            "content.read",
            "RadarPage",
            () => import("@/rooms/content/RadarPage") as Promise<Page>,
          ),
          page("/content/new", "content.write", "PiecePage", piece),
          page("/content/:id", "content.read", "PiecePage", piece),
          acquire("/codes", "CodesPage", () => import("@/rooms/acquisition/codes/CodesPage")),
          acquire("/codes/:id", "CodePage", () => import("@/rooms/acquisition/codes/CodePage")),
          acquire("/landing", "LandingsPage", () => import("@/rooms/acquisition/codes/LandingsPage")),
          acquire("/landing/new", "LandingPage", landingPage, "acquisition.write"),
          acquire("/landing/:id", "LandingPage", landingPage),
          page("/points", "loyalty.read", "PointsPage", () => import("@/rooms/loyalty/PointsPage") as Promise<Page>),
          page("/coupons", "loyalty.read", "CouponsPage", () => import("@/rooms/loyalty/CouponsPage") as Promise<Page>),
          page(
            "/coupons/:id",
            "loyalty.read",
            "CouponPage",
            () => import("@/rooms/loyalty/CouponPage") as Promise<Page>,
          ),
          acquire("/offers", "OffersPage", () => import("@/rooms/acquisition/offers/OffersPage")),
          acquire("/offers/new", "OfferEditorPage", offer, "acquisition.write"),
          acquire("/offers/:id/edit", "OfferEditorPage", offer, "acquisition.write"),
          acquire("/offers/:id", "OfferPage", () => import("@/rooms/acquisition/offers/OfferPage")),
          referral("/referral", "ReferralPage", () => import("@/rooms/referral/ReferralPage")),
          referral("/referral/:id", "ProgrammePage", () => import("@/rooms/referral/ProgrammePage")),
          page("/surveys", "surveys.read", "SurveysPage", () => import("@/rooms/surveys/SurveysPage") as Promise<Page>),
          page(
            "/surveys/:id",
            "surveys.read",
            "SurveyPage",
            () => import("@/rooms/surveys/SurveyPage") as Promise<Page>,
          ),
          acquire("/sources", "SourcesPage", () => import("@/rooms/acquisition/SourcesPage")),
          acquire("/spend", "SpendPage", () => import("@/rooms/acquisition/SpendPage")),
          acquire("/budgets", "BudgetsPage", () => import("@/rooms/acquisition/BudgetsPage")),
          page(
            "/restraint",
            "messaging.read",
            "RestraintPage",
            () => import("@/rooms/messaging/RestraintPage") as Promise<Page>,
          ),
          page("/sends", "messaging.read", "SendsPage", () => import("@/rooms/messaging/SendsPage") as Promise<Page>),
          page("/sends/:id", "messaging.read", "SendPage", () => import("@/rooms/messaging/SendPage") as Promise<Page>),
          page(
            "/cohorts",
            "reports.read",
            "CohortsPage",
            () => import("@/rooms/measurement/CohortsPage") as Promise<Page>,
          ),
          page(
            "/concentration",
            "reports.read",
            "ConcentrationPage",
            () => import("@/rooms/measurement/ConcentrationPage") as Promise<Page>,
          ),
          cost("/waste", "WastePage", () => import("@/rooms/measurement/acquisition/WastePage")),
          cost(
            "/source-returns",
            "SourceReturnsPage",
            () => import("@/rooms/measurement/acquisition/SourceReturnsPage"),
          ),
          cost("/attribution", "AttributionPage", () => import("@/rooms/measurement/acquisition/AttributionPage")),
          cost("/cohort-value", "CohortValuePage", () => import("@/rooms/measurement/acquisition/CohortValuePage")),
          cost("/advice", "AdvicePage", () => import("@/rooms/measurement/acquisition/AdvicePage")),
          cost("/experiments", "ExperimentsPage", () => import("@/rooms/measurement/acquisition/ExperimentsPage")),
          cost("/weekly", "WeeklyPage", () => import("@/rooms/measurement/acquisition/WeeklyPage")),
          page("/imports", "imports.read", "ImportsPage", () => import("@/rooms/orders/ImportsPage") as Promise<Page>),
          page(
            "/imports/shops",
            "imports.read",
            "ShopsPage",
            () => import("@/rooms/orders/ShopsPage") as Promise<Page>,
          ),
          page(
            "/imports/shops/:id",
            "imports.read",
            "ShopPage",
            () => import("@/rooms/orders/ShopPage") as Promise<Page>,
          ),
          page(
            "/imports/places",
            "imports.read",
            "PlacesPage",
            () => import("@/rooms/orders/PlacesPage") as Promise<Page>,
          ),
          page(
            "/imports/:id",
            "imports.read",
            "ImportPage",
            () => import("@/rooms/orders/ImportPage") as Promise<Page>,
          ),
          page("/jobs", "jobs.read", "JobsPage", () => import("@/rooms/jobs/JobsPage") as Promise<Page>),
          page("/team", "team.read", "TeamPage", () => import("@/rooms/team/TeamPage") as Promise<Page>),
          page("/rights", "rights.read", "RightsPage", () => import("@/rooms/rights/RightsPage") as Promise<Page>),
          page("/audit", "audit.read", "AuditPage", () => import("@/rooms/team/AuditPage") as Promise<Page>),
          page("/feeds", "events.read", "FeedsPage", () => import("@/rooms/events/FeedsPage") as Promise<Page>),
          page("/feeds/:id", "events.read", "FeedPage", () => import("@/rooms/events/FeedPage") as Promise<Page>),
          page("/events", "events.read", "EventsPage", () => import("@/rooms/events/EventsPage") as Promise<Page>),
          page("/system", "settings.read", "SystemPage", () => import("@/rooms/system/SystemPage") as Promise<Page>),
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
]);
