import { useEffect, useState } from "react";

/** Whoever opened this by keyboard stands where they were when it is gone: a drawer that is taken away at once does not see to it itself. */
export function useReturnFocus() {
  const [from] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (from instanceof HTMLElement && from.isConnected) requestAnimationFrame(() => from.focus());
    },
    [from],
  );
}
