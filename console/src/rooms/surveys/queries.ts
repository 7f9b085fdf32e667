import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, consoleHeaders, must } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { components } from "@/api/schema";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";

export type Survey = Answer<"/api/v1/surveys/{survey_id}", "get">;
export type SurveyRow = Row<"/api/v1/surveys">;
export type Status = SurveyRow["status"];
export type Form = components["schemas"]["SurveyForm"];
export type Question = components["schemas"]["QuestionBody"];
export type Kind = Question["kind"];
export type Told = Answer<"/api/v1/surveys/{survey_id}/results", "get">["questions"][number];

const path = (survey_id: number) => ({ params: { path: { survey_id } } });

export const useSurveys = (status: Status | undefined) =>
  useCursorList(["surveys", "list", status], (cursor) =>
    must(api.GET("/api/v1/surveys", { params: { query: { status, cursor } } })),
  );

export const useSurvey = (id: number) =>
  useQuery({ queryKey: ["surveys", id], queryFn: () => must(api.GET("/api/v1/surveys/{survey_id}", path(id))) });

export const useResults = (id: number) =>
  useQuery({
    queryKey: ["surveys", id, "results"],
    queryFn: () => must(api.GET("/api/v1/surveys/{survey_id}/results", path(id))),
    refetchInterval: 15_000,
  });

export const useResponses = (survey_id: number) =>
  useCursorList(["surveys", survey_id, "responses"], (cursor) =>
    must(api.GET("/api/v1/surveys/{survey_id}/responses", { params: { path: { survey_id }, query: { cursor } } })),
  );

export const useAnswersOf = (customer_id: number) =>
  useQuery({
    queryKey: ["surveys", "customer", customer_id],
    queryFn: () => must(api.GET("/api/v1/surveys/customers/{customer_id}", { params: { path: { customer_id } } })),
  });

/** The page as people would see it, made by the server that shows it to them. */
export const usePreview = (form: Form, language: "zh" | "en") =>
  useQuery({
    queryKey: ["surveys", "preview", form, language],
    queryFn: async () => {
      const answer = await fetch("/api/v1/surveys/preview", {
        method: "POST",
        headers: { ...consoleHeaders(), "Content-Type": "application/json" },
        body: JSON.stringify({ form, language }),
      });
      if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
      return answer.text();
    },
    placeholderData: (before) => before,
    gcTime: 60_000,
    retry: false,
  });

export function useSurveyAct<A, R>(act: (given: A) => Promise<R>) {
  const client = useQueryClient();
  const fail = useFail();
  return useMutation({
    mutationFn: act,
    onSuccess: () => client.invalidateQueries({ queryKey: ["surveys"] }),
    onError: fail,
  });
}

export const save = (survey: Survey, name: string, form: Form, repeats: boolean) =>
  must(
    api.PUT("/api/v1/surveys/{survey_id}", { ...path(survey.id), body: { name, form, repeats, edit: survey.edit } }),
  );
export const publish = (id: number) => must(api.POST("/api/v1/surveys/{survey_id}/publish", path(id)));
export const close = (id: number) => must(api.POST("/api/v1/surveys/{survey_id}/close", path(id)));
