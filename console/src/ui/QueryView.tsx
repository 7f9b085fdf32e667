import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Loading } from "./Loading";
import { ProblemView } from "./ProblemView";

type Props<T> = { query: UseQueryResult<T>; children: (data: T) => ReactNode; lines?: number; height?: number };

/** Loading, failed or there: the three states of anything that comes from the server. */
export function QueryView<T>({ query, children, lines, height }: Props<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ProblemView error={query.error} retry={() => void query.refetch()} />;
  return <Loading lines={lines} height={height} />;
}
