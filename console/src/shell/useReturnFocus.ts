import { useEffect } from "react";

const REMEMBERED = 50;

/** What is taken away with the focus in it (a drawer, a dialog) leaves the keyboard where it was before: at what opened it, or before that. */
export function useReturnFocus() {
  useEffect(() => {
    const trail: HTMLElement[] = [];
    const remember = ({ target }: FocusEvent) => {
      trail.push(target as HTMLElement);
      if (trail.length > REMEMBERED) trail.shift();
    };
    const goBack = () => {
      if (document.activeElement === document.body) trail.findLast((one) => one.isConnected)?.focus();
    };
    // Drawers and dialogs hang on the body itself; what goes within the page is the page's own affair.
    const taken = new MutationObserver(() => {
      if (trail.at(-1)?.isConnected === false) requestAnimationFrame(goBack);
    });
    document.addEventListener("focusin", remember);
    taken.observe(document.body, { childList: true });
    return () => {
      document.removeEventListener("focusin", remember);
      taken.disconnect();
    };
  }, []);
}
