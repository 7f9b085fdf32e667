import { useSyncExternalStore } from "react";

const QUERY = "(max-width: 860px)";

/** Too narrow to draw on. */
export const useNarrow = (): boolean =>
  useSyncExternalStore(
    (told) => {
      const media = window.matchMedia(QUERY);
      media.addEventListener("change", told);
      return () => media.removeEventListener("change", told);
    },
    () => window.matchMedia(QUERY).matches,
  );
