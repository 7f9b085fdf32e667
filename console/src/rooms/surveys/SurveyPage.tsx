import { App, Button, Popconfirm, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useQueryState } from "@/ui/useQueryState";
import { FormEditor } from "./FormEditor";
import { PhonePage } from "./PhonePage";
import { close, type Form, publish, type Survey, save, useSurvey, useSurveyAct } from "./queries";
import { ResponsesTab } from "./ResponsesTab";
import { ResultsTab } from "./ResultsTab";
import { STATUS_TONE } from "./words";

export function SurveyPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const query = useSurvey(id);
  const survey = query.data;
  const title = (
    <span className="row">
      {survey?.name ?? `#${id}`}
      {survey && <Chip tone={STATUS_TONE[survey.status]}>{t(`surveys.status_${survey.status}`)}</Chip>}
    </span>
  );
  return (
    <Page title={title} heading={survey?.name} sub={<Link to="/surveys">← {t("shell.page_surveys")}</Link>}>
      <QueryView query={query} lines={10}>
        {(one) => <Body key={`${one.id} ${one.edit}`} survey={one} />}
      </QueryView>
    </Page>
  );
}

function Body({ survey }: { survey: Survey }) {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const items = [
    { key: "form", label: t("surveys.tab_form"), children: <Editing survey={survey} /> },
    { key: "results", label: t("surveys.tab_results"), children: <ResultsTab survey={survey} /> },
    { key: "responses", label: t("surveys.tab_responses"), children: <ResponsesTab survey={survey} /> },
  ];
  return (
    <Tabs
      items={items}
      activeKey={params.get("tab") ?? "form"}
      onChange={(key) => change({ tab: key === "form" ? null : key })}
      destroyOnHidden
    />
  );
}

/** The questions on the left, and on the right the page as a phone shows it. */
function Editing({ survey }: { survey: Survey }) {
  const { t } = useTranslation();
  const may = useMay();
  const { message } = App.useApp();
  const [name, setName] = useState(survey.name);
  const [form, setForm] = useState<Form>(survey.form);
  const [repeats, setRepeats] = useState(survey.repeats);
  const dirty =
    name !== survey.name || repeats !== survey.repeats || JSON.stringify(form) !== JSON.stringify(survey.form);
  const keep = useSurveyAct(() => save(survey, name, form, repeats));
  const show = useSurveyAct(async () => {
    if (dirty) await save(survey, name, form, repeats);
    const made = await publish(survey.id);
    void message.success(t("surveys.published", { n: made.version }));
  });
  const end = useSurveyAct(() => close(survey.id));
  const writable = may("surveys.write");
  const stands =
    survey.version === 0
      ? t("surveys.not_published")
      : survey.changed || dirty
        ? t("surveys.unpublished_changes", { n: survey.version })
        : t("surveys.shown_version", { n: survey.version });
  return (
    <div className="survey-writer">
      <div className="stack">
        <div className="row survey-bar">
          <span className="muted small">{stands}</span>
          {writable && (
            <span className="row">
              {survey.status === "live" && (
                <Popconfirm title={t("surveys.close_sure")} onConfirm={() => end.mutate(undefined)}>
                  <Button loading={end.isPending}>{t("surveys.close")}</Button>
                </Popconfirm>
              )}
              <Button disabled={!dirty} loading={keep.isPending} onClick={() => keep.mutate(undefined)}>
                {t("ui.save")}
              </Button>
              <Button
                type="primary"
                disabled={!dirty && !survey.changed && survey.status === "live"}
                loading={show.isPending}
                onClick={() => show.mutate(undefined)}
              >
                {t("surveys.publish")}
              </Button>
            </span>
          )}
        </div>
        <FormEditor
          name={name}
          setName={setName}
          form={form}
          setForm={setForm}
          repeats={repeats}
          setRepeats={setRepeats}
          faults={dirty ? [] : survey.faults}
          disabled={!writable}
        />
      </div>
      <PhonePage form={form} />
    </div>
  );
}
