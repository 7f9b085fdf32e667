// Names for the shapes of the API document. Money is integer fen; `_at` is UTC; `_on` is the brand's local date; `_rate` is 0..1.

import type { Rule } from "./rule";
import type { components } from "./schema";

export * from "./rule";

type Schemas = components["schemas"];

export type Label = Schemas["Label"];
export type List<T> = { items: T[]; next_cursor: string | null; total: number | null };

export type Session = Schemas["Session"];
export type Brand = Schemas["Brand"];
export type Member = Schemas["Member"];
export type Role = Member["role"];
export type Token = Schemas["Token"];
export type AuditEntry = Schemas["AuditEntry"];
export type RoleInfo = Schemas["RoleInfo"];

export type Job = Schemas["JobInfo"];
export type JobStatus = Job["status"];

export type ImportField = Schemas["FieldInfo"];
export type ImportFile = Schemas["UploadedFile"];
export type Import = Schemas["ImportInfo"];
export type Shop = Schemas["ShopInfo"];
export type OrderFault = Schemas["OrderFault"];
export type Place = Schemas["PlaceInfo"];
export type PlaceDraft = Schemas["PlaceDraft"];
export type Mapping = Record<string, string | null>;

export type CustomerRow = Schemas["CustomerRow"];
export type Customer = Schemas["Customer"];
export type ColumnInfo = Schemas["ColumnInfo"];
export type QualityCounts = Schemas["QualityCounts"];
export type QualityReport = Schemas["QualityReport"];
export type CustomerQuality = Schemas["CustomerQuality"];
export type Judgement = Schemas["Judgement"];
export type View = Schemas["View"];
export type ViewDraft = {
  name: string;
  shared: boolean;
  q: string;
  filter: Rule | null;
  sort: string;
  columns: string[];
};
export type TimelineEntry = Schemas["TimelineEntry"];
export type TimelineKind = TimelineEntry["kind"];
export type TagChange = {
  customer_ids?: number[];
  filter?: Rule;
  segment?: number;
  add: string[];
  remove: string[];
};
export type ExportRequest = {
  q?: string;
  filter?: Rule;
  segment?: number;
  sort?: string;
  columns: string[];
  format: "csv" | "xlsx";
};

export type Suggestion = Schemas["SuggestionInfo"];
export type SuggestionState = Suggestion["state"];
export type Conflict = Schemas["ConflictInfo"];
export type PaymentMatch = Schemas["MatchInfo"];
export type SuggestionSummary = Schemas["SuggestionSummary"];

export type CarrierProduct = Schemas["ProductInfo"];
export type CarrierField = Schemas["CarrierField"];
export type CarrierAccount = Schemas["AccountInfo"];
export type AccountHealth = Schemas["AccountHealth"];
export type CheckStep = Schemas["CheckStep"];
export type WelcomeInfo = Schemas["WelcomeInfo"];
export type ContactWay = Schemas["ContactWayInfo"];
export type RelationReport = Schemas["RelationReport"];
export type RelationInfo = Schemas["RelationInfo"];
export type StaffInfo = Schemas["StaffInfo"];
export type StoreInfo = Schemas["StoreInfo"];
export type CarrierTag = Schemas["CarrierTag"];
export type CarrierTagGroup = Schemas["CarrierTagGroup"];
export type GreetingStatus = "attempting" | "sent" | "refused" | "late";

export type Feed = Schemas["FeedInfo"];
export type FeedMode = Schemas["FeedMode"];
export type LiveEntry = Schemas["LiveEntry"];
export type SeenEvent = Schemas["SeenEventInfo"];
export type PlannedEvent = Schemas["PlannedEventInfo"];
export type PlannedProperty = Schemas["PlannedPropertyInfo"];
export type QuarantinePage = Schemas["QuarantinePage"];
export type Quarantined = Schemas["QuarantinedInfo"];

export type SegmentRow = Schemas["SegmentRow"];
export type Segment = Schemas["SegmentDetail"];
export type SegmentDraft = { name: string; description?: string; rule: Rule };
export type Problem = Schemas["Problem"];
export type Overlap = Schemas["OverlapInfo"];
export type Explanation = Schemas["ReasonInfo"];
export type SizePoint = Schemas["SizeInfo"];
export type MemberChange = Schemas["ChangeInfo"];

export type TraitRow = Schemas["TraitRow"];
export type Trait = Schemas["TraitDetail"];
export type TraitType = NonNullable<TraitRow["type"]>;
export type Distribution = Schemas["DistributionInfo"];

export type NoOrders = Schemas["NoOrders"];
export type RfmReport = Schemas["RfmReport"];
export type LifecycleReport = Schemas["LifecycleReport"];
export type ValueReport = Schemas["ValueReport"];
export type BackTest = Schemas["BackTestInfo"];

export type Metric = Schemas["MetricRow"];
export type Overview = Schemas["Overview"];
export type Grain = Overview["grain"];
export type CohortReport = Schemas["Cohorts"];
export type CohortMeasure = CohortReport["measure"];
export type Concentration = Schemas["Concentration"];
export type Check = Schemas["DoctorCheck"];
export type EventInfo = Schemas["EventInfo"];

/** What rules can be about; the document leaves its shape open. */
export type AttributeKind = "text" | "number" | "money" | "date" | "enum" | "boolean";
export type Vocabulary = {
  attributes: { field: string; name: Label; kind: AttributeKind; options?: { value: string; name: Label }[] | null }[];
  tags: { tag: string; count: number }[];
  events: {
    name: string;
    label: Label;
    count: number;
    properties: { path: string; kind: string; samples: (string | null)[] }[];
  }[];
  products: { categories: string[]; top: { sku: string; name: string }[] };
  stages: { stage: Stage; name: Label }[];
};
export type Stage = Schemas["StageShare"]["stage"];

export type CampaignRow = Schemas["CampaignRow"];
export type Campaign = Schemas["CampaignDetail"];
export type CampaignStatus = Campaign["status"];
export type CampaignAction = Campaign["actions"][number];
export type CampaignPlan = Campaign["plan"];
export type CalendarInfo = Schemas["CalendarInfo"];
export type CalendarItem = Schemas["CalendarItem"];
export type Clash = Schemas["ClashInfo"];
export type ContentCarrier = "wecom" | "official_account" | "mini_program" | "sms" | "email" | "webhook";
export type CampaignReport = Schemas["ReportInfo"];
export type Effect = Schemas["EffectInfo"];
export type ReachedPerson = Schemas["ReachedPerson"];
export type ReportStage = "planned" | "eligible" | "treated" | "control" | "refused" | Schemas["StageInfo"]["stage"];

export type JourneyRow = Schemas["JourneyRow"];
export type Journey = Schemas["JourneyDetail"];
export type JourneyStatus = Journey["status"];
export type JourneyAction = Journey["actions"][number];
export type JourneyStep = Schemas["JourneyStepInfo"];
export type JourneyCheck = Schemas["JourneyCheck"];
export type JourneyNodeCounts = Schemas["JourneyNodeCounts"];
export type JourneyPerson = Schemas["JourneyPerson"];
export type JourneyVersionRow = Schemas["JourneyVersionRow"];
export type JourneyHappening = Schemas["JourneyHappening"];
export type JourneyTemplate = Schemas["JourneyTemplate"];
export type JourneyReport = Schemas["JourneyReport"];
export type JourneyEffect = Schemas["JourneyEffect"];
export type Rehearsal = Schemas["RehearsalInfo"];
export type JourneyRange = Schemas["JourneyRange"];
export type Walk = Schemas["WalkInfo"];
export type WalkStep = Schemas["WalkStep"];
export type WalkWhy = Schemas["JourneyWhy"];
