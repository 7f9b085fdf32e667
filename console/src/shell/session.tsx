// Who is logged in, for which brand, and what they may do.

import { type QueryClient, useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext } from "react";
import { api, must } from "@/api/client";
import type { Brand, Session } from "@/api/types";

const SessionContext = createContext<Session | null>(null);
const UNKNOWN_BRAND: Brand = { name: "Siyu", time_zone: "Asia/Shanghai", currency: "CNY", is_sample: false };

export const SESSION_KEY = ["session"] as const;

export const useSessionQuery = () =>
  useQuery({ queryKey: SESSION_KEY, queryFn: () => must(api.GET("/api/v1/session")), retry: false, staleTime: 60_000 });

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession outside of a logged-in page");
  return session;
}

export const useBrand = (): Brand => useContext(SessionContext)?.brand ?? UNKNOWN_BRAND;

/** `may("customers.export")`: the server decides again; this only hides what would be refused. */
export function useMay(): (permission: string) => boolean {
  const session = useContext(SessionContext);
  return (permission) => session?.permissions.includes(permission) ?? false;
}

export async function logOut(client: QueryClient): Promise<void> {
  await must(api.DELETE("/api/v1/session"));
  client.clear();
}
