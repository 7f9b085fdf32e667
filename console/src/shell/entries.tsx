import {
  AccountBookOutlined,
  AimOutlined,
  ApartmentOutlined,
  ApiOutlined,
  AppstoreOutlined,
  AuditOutlined,
  BranchesOutlined,
  BulbOutlined,
  CalendarOutlined,
  ClockCircleOutlined,
  CloudUploadOutlined,
  ControlOutlined,
  DashboardOutlined,
  DeploymentUnitOutlined,
  ExperimentOutlined,
  FileTextOutlined,
  FormOutlined,
  FunctionOutlined,
  FunnelPlotOutlined,
  GiftOutlined,
  GoldOutlined,
  HeatMapOutlined,
  HomeOutlined,
  IdcardOutlined,
  InboxOutlined,
  MobileOutlined,
  NodeIndexOutlined,
  NotificationOutlined,
  PartitionOutlined,
  PieChartOutlined,
  QrcodeOutlined,
  ReadOutlined,
  SafetyOutlined,
  SendOutlined,
  ShareAltOutlined,
  ShoppingOutlined,
  SnippetsOutlined,
  SyncOutlined,
  TableOutlined,
  TagsOutlined,
  TeamOutlined,
  TransactionOutlined,
  TrophyOutlined,
  UserOutlined,
  UserSwitchOutlined,
} from "@ant-design/icons";
import type { ReactNode } from "react";

export type MenuEntry = { to: string; key: string; icon: ReactNode; permission?: string };
export type MenuGroup = { key: string; entries: MenuEntry[] };

export const MENU: MenuGroup[] = [
  { key: "today", entries: [{ to: "/", key: "overview", icon: <HomeOutlined />, permission: "reports.read" }] },
  {
    key: "people",
    entries: [
      { to: "/customers", key: "customers", icon: <UserOutlined />, permission: "customers.read" },
      { to: "/identity", key: "identity", icon: <UserSwitchOutlined />, permission: "identity.read" },
      { to: "/segments", key: "segments", icon: <FunnelPlotOutlined />, permission: "segments.read" },
      { to: "/traits", key: "traits", icon: <FunctionOutlined />, permission: "segments.read" },
      { to: "/rfm", key: "rfm", icon: <AppstoreOutlined />, permission: "reports.read" },
      { to: "/lifecycle", key: "lifecycle", icon: <ApartmentOutlined />, permission: "reports.read" },
      { to: "/quality", key: "quality", icon: <SafetyOutlined />, permission: "reports.read" },
    ],
  },
  {
    key: "engage",
    entries: [
      { to: "/content", key: "content", icon: <SnippetsOutlined />, permission: "content.read" },
      { to: "/sends", key: "sends", icon: <SendOutlined />, permission: "messaging.read" },
      { to: "/restraint", key: "restraint", icon: <DashboardOutlined />, permission: "messaging.read" },
      { to: "/journeys", key: "journeys", icon: <PartitionOutlined />, permission: "journeys.read" },
      { to: "/campaigns", key: "campaigns", icon: <NotificationOutlined />, permission: "campaigns.read" },
      { to: "/points", key: "points", icon: <TrophyOutlined />, permission: "loyalty.read" },
      { to: "/coupons", key: "coupons", icon: <GiftOutlined />, permission: "loyalty.read" },
      { to: "/referral", key: "referral", icon: <ShareAltOutlined />, permission: "referral.read" },
      { to: "/surveys", key: "surveys", icon: <FormOutlined />, permission: "surveys.read" },
      { to: "/calendar", key: "calendar", icon: <CalendarOutlined />, permission: "campaigns.read" },
    ],
  },
  {
    key: "acquire",
    entries: [
      { to: "/sources", key: "sources", icon: <BranchesOutlined />, permission: "acquisition.read" },
      { to: "/offers", key: "offers", icon: <ShoppingOutlined />, permission: "acquisition.read" },
      { to: "/spend", key: "spend", icon: <TransactionOutlined />, permission: "acquisition.read" },
      { to: "/budgets", key: "budgets", icon: <TableOutlined />, permission: "acquisition.read" },
      { to: "/codes", key: "codes", icon: <QrcodeOutlined />, permission: "acquisition.read" },
      { to: "/landing", key: "landing", icon: <MobileOutlined />, permission: "acquisition.read" },
    ],
  },
  {
    key: "carriers",
    entries: [
      { to: "/accounts", key: "accounts", icon: <ApiOutlined />, permission: "carriers.read" },
      { to: "/relations", key: "relations", icon: <NodeIndexOutlined />, permission: "carriers.read" },
      { to: "/staff", key: "staff", icon: <IdcardOutlined />, permission: "carriers.read" },
      { to: "/tags", key: "tags", icon: <TagsOutlined />, permission: "carriers.read" },
    ],
  },
  {
    key: "cost",
    entries: [
      { to: "/waste", key: "waste", icon: <AccountBookOutlined />, permission: "reports.read" },
      { to: "/source-returns", key: "source_returns", icon: <AimOutlined />, permission: "reports.read" },
      { to: "/advice", key: "advice", icon: <BulbOutlined />, permission: "reports.read" },
      { to: "/attribution", key: "attribution", icon: <DeploymentUnitOutlined />, permission: "reports.read" },
      { to: "/experiments", key: "experiments", icon: <ExperimentOutlined />, permission: "reports.read" },
      { to: "/cohort-value", key: "cohort_value", icon: <HeatMapOutlined />, permission: "reports.read" },
      { to: "/weekly", key: "weekly", icon: <FileTextOutlined />, permission: "reports.read" },
    ],
  },
  {
    key: "insight",
    entries: [
      { to: "/cohorts", key: "cohorts", icon: <SyncOutlined />, permission: "reports.read" },
      { to: "/value", key: "value", icon: <GoldOutlined />, permission: "reports.read" },
      { to: "/concentration", key: "concentration", icon: <PieChartOutlined />, permission: "reports.read" },
    ],
  },
  {
    key: "data",
    entries: [
      { to: "/imports", key: "imports", icon: <InboxOutlined />, permission: "imports.read" },
      { to: "/feeds", key: "feeds", icon: <CloudUploadOutlined />, permission: "events.read" },
      { to: "/events", key: "events", icon: <ReadOutlined />, permission: "events.read" },
      { to: "/jobs", key: "jobs", icon: <ClockCircleOutlined />, permission: "jobs.read" },
    ],
  },
  {
    key: "settings",
    entries: [
      { to: "/rights", key: "rights", icon: <SafetyOutlined />, permission: "rights.read" },
      { to: "/team", key: "team", icon: <TeamOutlined />, permission: "team.read" },
      { to: "/audit", key: "audit", icon: <AuditOutlined />, permission: "audit.read" },
      { to: "/system", key: "system", icon: <ControlOutlined />, permission: "settings.read" },
    ],
  },
];

/** The menu as this member may see it; groups with nothing in them are left out. */
export function menuFor(may: (permission: string) => boolean): MenuGroup[] {
  return MENU.map((group) => ({
    ...group,
    entries: group.entries.filter((e) => !e.permission || may(e.permission)),
  })).filter((group) => group.entries.length > 0);
}
