import { useMutation } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { CarrierAccount } from "@/api/types";
import type { Values } from "./FieldsForm";
import { useRefreshAccounts } from "./queries";

export type AccountDraft = { name: string; credentials: Values; settings: Values };

const filled = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ""));

/** Connects an account, or changes the one that was made; faults are told by field name. */
export function useSaveAccount(id: number | null, product: string) {
  const refresh = useRefreshAccounts();
  const save = useMutation({
    mutationFn: (draft: AccountDraft): Promise<CarrierAccount> => {
      const body = { name: draft.name, credentials: filled(draft.credentials), settings: draft.settings };
      return id === null
        ? must(api.POST("/api/v1/carriers/accounts", { body: { product, ...body } }))
        : must(api.PATCH("/api/v1/carriers/accounts/{account_id}", { params: { path: { account_id: id } }, body }));
    },
    onSuccess: refresh,
  });
  const error = save.error;
  const faults: Record<string, string> = {};
  if (error instanceof ProblemError) {
    for (const fault of error.errors) faults[fault.field.split(".").at(-1) ?? ""] = fault.message;
  }
  return { ...save, faults, problem: error && Object.keys(faults).length === 0 ? error : null };
}
