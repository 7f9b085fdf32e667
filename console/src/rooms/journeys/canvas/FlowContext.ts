import { createContext, useContext } from "react";

export type PeopleState = "here" | "failed" | "waiting" | "passed";
export type FlowActs = {
  openPeople: (node: string, state: PeopleState) => void;
  editing: boolean;
};

export const FlowContext = createContext<FlowActs>({ openPeople: () => undefined, editing: false });
export const useFlowActs = (): FlowActs => useContext(FlowContext);
