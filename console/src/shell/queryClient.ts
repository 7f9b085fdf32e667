import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isProblem } from "@/api/problem";
import { SESSION_KEY } from "./session";

function loggedOut(error: unknown): void {
  // The gate sees the failed session query, and sends the member to the log-in page with the way back.
  // A wrong password is also a 401, and is told where it was typed.
  if (isProblem(error, 401) && error.code !== "wrong_login") void queryClient.resetQueries({ queryKey: SESSION_KEY });
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryKey[0] !== SESSION_KEY[0]) loggedOut(error);
    },
  }),
  mutationCache: new MutationCache({ onError: loggedOut }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && (!isProblem(error) || error.status >= 502),
    },
  },
});
