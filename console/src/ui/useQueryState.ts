import { useCallback } from "react";
import { useSearchParams } from "react-router";

type Change = Record<string, string | null | undefined>;

/** The address holds what the page shows: reload, share and Back all work. */
export function useQueryState(): [URLSearchParams, (change: Change, replace?: boolean) => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (wanted: Change, replace = false) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [key, value] of Object.entries(wanted)) {
            if (value == null || value === "") next.delete(key);
            else next.set(key, value);
          }
          return next;
        },
        { replace },
      ),
    [setParams],
  );
  return [params, change];
}
