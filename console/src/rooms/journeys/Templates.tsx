import { Button, Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { JourneyTemplate } from "@/api/types";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { StepIcon } from "./canvas/StepIcon";
import { useNewJourney, useSteps, useTemplates } from "./queries";

/** Journeys that the field has proved, each with why, when and what to adapt. Choosing one makes a draft. */
export function TemplateDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const templates = useTemplates();
  return (
    <Drawer open title={t("journeys.templates")} onClose={onClose} size={760}>
      <p className="muted">{t("journeys.templates_hint")}</p>
      <QueryView query={templates} lines={8}>
        {(items) => (
          <ul className="jtemplates">
            {items.map((one) => (
              <Template key={one.code} template={one} />
            ))}
          </ul>
        )}
      </QueryView>
    </Drawer>
  );
}

function Template({ template }: { template: JourneyTemplate }) {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const fail = useFail();
  const steps = useSteps();
  const make = useNewJourney();
  const kinds = new Map((steps.data ?? []).map((step) => [step.kind, step]));
  const name = f.label(template.name);
  return (
    <li className="jtemplate">
      <div className="row spread">
        <h3>{name}</h3>
        <Button
          size="small"
          type="primary"
          loading={make.isPending}
          onClick={() =>
            make.mutate(
              { name, template: template.code },
              { onSuccess: (made) => navigate(`/journeys/${made.id}`), onError: fail },
            )
          }
          aria-label={t("journeys.use_template_of", { name })}
        >
          {t("journeys.use_template")}
        </Button>
      </div>
      <p className="jtemplate-steps">
        {template.steps.map((kind, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a kind may come twice
          <span key={at} title={f.label(kinds.get(kind)?.label)}>
            <StepIcon kind={kind} group={kinds.get(kind)?.group ?? "flow"} />
          </span>
        ))}
      </p>
      <dl className="jtemplate-why">
        {(["why", "when", "does", "adapt"] as const).map((part) => (
          <div key={part}>
            <dt>{t(`journeys.template_${part}`)}</dt>
            <dd>{f.label(template[part])}</dd>
          </div>
        ))}
        {template.choices.length > 0 && (
          <div>
            <dt>{t("journeys.template_choices")}</dt>
            <dd>{template.choices.map((one) => f.label(one)).join("；")}</dd>
          </div>
        )}
      </dl>
    </li>
  );
}
