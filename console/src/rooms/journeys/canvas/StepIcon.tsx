import {
  ApiOutlined,
  BellOutlined,
  BranchesOutlined,
  ClockCircleOutlined,
  EditOutlined,
  ExperimentOutlined,
  FieldTimeOutlined,
  FlagOutlined,
  FormOutlined,
  GiftOutlined,
  LoginOutlined,
  LogoutOutlined,
  PauseOutlined,
  PercentageOutlined,
  SendOutlined,
  StarOutlined,
  TagOutlined,
  TeamOutlined,
  UserAddOutlined,
  UserSwitchOutlined,
} from "@ant-design/icons";
import type { ReactNode } from "react";

const BY_KIND: Record<string, ReactNode> = {
  entry: <UserAddOutlined />,
  send: <SendOutlined />,
  staff_task: <BellOutlined />,
  wait: <ClockCircleOutlined />,
  wait_until: <FieldTimeOutlined />,
  branch: <BranchesOutlined />,
  split: <PercentageOutlined />,
  ab: <ExperimentOutlined />,
  holdout: <PauseOutlined />,
  tag: <TagOutlined />,
  attribute: <EditOutlined />,
  points: <StarOutlined />,
  coupon: <GiftOutlined />,
  group: <TeamOutlined />,
  survey: <FormOutlined />,
  handover: <UserSwitchOutlined />,
  webhook: <ApiOutlined />,
  enter: <LoginOutlined />,
  leave: <LogoutOutlined />,
  end: <FlagOutlined />,
};
/** A step that came after this console still has the sign of its group. */
const BY_GROUP: Record<string, ReactNode> = {
  reach: <SendOutlined />,
  wait: <ClockCircleOutlined />,
  branch: <BranchesOutlined />,
  customer: <TagOutlined />,
  flow: <FlagOutlined />,
};

export const StepIcon = ({ kind, group }: { kind: string; group: string }) => (
  <span className={`jicon ${group}`} aria-hidden="true">
    {BY_KIND[kind] ?? BY_GROUP[group] ?? <FlagOutlined />}
  </span>
);
