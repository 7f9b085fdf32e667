import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Dropdown, Input, InputNumber, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import type { Form, Kind, Question, Survey } from "./queries";

type Words = { zh: string; en: string };
const KINDS: Kind[] = ["single", "multi", "scale", "nps", "text"];
const words = (zh = ""): Words => ({ zh, en: "" });

type Props = {
  name: string;
  setName: (name: string) => void;
  form: Form;
  setForm: (form: Form) => void;
  repeats: boolean;
  setRepeats: (repeats: boolean) => void;
  faults: Survey["faults"];
  disabled: boolean;
};

export function FormEditor({ name, setName, form, setForm, repeats, setRepeats, faults, disabled }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const fault = (field: string) => {
    const found = faults.find((one) => one.field === field || one.field.startsWith(`${field}.`));
    return found ? f.label(found.message) : null;
  };
  const set = (place: number, question: Question) =>
    setForm({ ...form, questions: form.questions.map((one, at) => (at === place ? question : one)) });
  const move = (place: number, by: number) => {
    const questions = [...form.questions];
    const [taken] = questions.splice(place, 1);
    if (taken) questions.splice(place + by, 0, taken);
    setForm({ ...form, questions });
  };
  const add = (kind: Kind) => {
    const choices =
      kind === "single" || kind === "multi"
        ? [1, 2].map((n) => ({ key: "", label: words(t("surveys.choice_n", { n })) }))
        : [];
    const title = kind === "nps" ? words(t("surveys.nps_title")) : words();
    const blank = { low_label: words(), high_label: words(), low: 1, high: 5, most: 0 };
    const question: Question = { key: "", kind, title, required: kind !== "text", choices, ...blank };
    setForm({ ...form, questions: [...form.questions, question] });
  };
  return (
    <>
      <Panel title={t("surveys.about")}>
        <fieldset className="plain-fieldset form" disabled={disabled}>
          <Field label={t("surveys.name")} help={t("surveys.name_help")}>
            <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
          </Field>
          <Both
            label={t("surveys.title")}
            value={form.title}
            onChange={(title) => setForm({ ...form, title })}
            error={fault("form.title")}
            longest={80}
          />
          <Both
            label={t("surveys.intro")}
            value={form.intro}
            onChange={(intro) => setForm({ ...form, intro })}
            error={fault("form.intro")}
            longest={500}
          />
          <Both
            label={t("surveys.thanks")}
            value={form.thanks}
            onChange={(thanks) => setForm({ ...form, thanks })}
            error={fault("form.thanks")}
            longest={500}
          />
          <Field label={t("surveys.repeats")} help={t("surveys.repeats_help")}>
            <span>
              <Switch checked={repeats} onChange={setRepeats} disabled={disabled} aria-label={t("surveys.repeats")} />
            </span>
          </Field>
        </fieldset>
      </Panel>
      {form.questions.length === 0 && (
        <div className="panel">
          <Empty title={t("surveys.no_questions")} hint={t("surveys.no_questions_hint")} />
        </div>
      )}
      {form.questions.map((question, place) => (
        <Panel
          // biome-ignore lint/suspicious/noArrayIndexKey: a new question has no key yet, and questions are moved as a whole
          key={place}
          title={
            <span className="row">
              {place + 1}. <Chip tone="indigo">{t(`surveys.kind_${question.kind}`)}</Chip>
            </span>
          }
          extra={
            !disabled && (
              <>
                <Button
                  size="small"
                  icon={<ArrowUpOutlined />}
                  aria-label={t("surveys.up")}
                  disabled={place === 0}
                  onClick={() => move(place, -1)}
                />
                <Button
                  size="small"
                  icon={<ArrowDownOutlined />}
                  aria-label={t("surveys.down")}
                  disabled={place === form.questions.length - 1}
                  onClick={() => move(place, 1)}
                />
                <Button
                  size="small"
                  danger
                  icon={<DeleteOutlined />}
                  aria-label={t("surveys.remove")}
                  onClick={() => setForm({ ...form, questions: form.questions.filter((_, at) => at !== place) })}
                />
              </>
            )
          }
        >
          <fieldset className="plain-fieldset form" disabled={disabled}>
            <QuestionFields
              question={question}
              onChange={(one) => set(place, one)}
              error={fault(`form.questions[${place}]`)}
            />
          </fieldset>
        </Panel>
      ))}
      {!disabled && (
        <Dropdown
          trigger={["click"]}
          menu={{ items: KINDS.map((key) => ({ key, label: t(`surveys.kind_${key}`), onClick: () => add(key) })) }}
        >
          <Button icon={<PlusOutlined />} disabled={form.questions.length >= 30}>
            {t("surveys.add_question")}
          </Button>
        </Dropdown>
      )}
    </>
  );
}

type QuestionProps = { question: Question; onChange: (question: Question) => void; error: string | null };

function QuestionFields({ question, onChange, error }: QuestionProps) {
  const { t } = useTranslation();
  const set = (change: Partial<Question>) => onChange({ ...question, ...change });
  const choices = question.choices ?? [];
  return (
    <>
      <Both
        label={t("surveys.question")}
        value={question.title}
        onChange={(title) => set({ title })}
        error={error}
        longest={200}
      />
      {(question.kind === "single" || question.kind === "multi") && (
        <div className="stack">
          {choices.map((choice, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a new choice has no key yet
            <div className="survey-choice" key={place}>
              <Input
                aria-label={t("surveys.choice_zh", { n: place + 1 })}
                value={choice.label.zh}
                maxLength={60}
                onChange={(e) =>
                  set({
                    choices: choices.map((one, at) =>
                      at === place ? { ...one, label: { ...one.label, zh: e.target.value } } : one,
                    ),
                  })
                }
              />
              <Input
                aria-label={t("surveys.choice_en", { n: place + 1 })}
                placeholder="English"
                value={choice.label.en}
                maxLength={60}
                onChange={(e) =>
                  set({
                    choices: choices.map((one, at) =>
                      at === place ? { ...one, label: { ...one.label, en: e.target.value } } : one,
                    ),
                  })
                }
              />
              <Button
                icon={<DeleteOutlined />}
                aria-label={t("surveys.remove_choice", { n: place + 1 })}
                disabled={choices.length <= 2}
                onClick={() => set({ choices: choices.filter((_, at) => at !== place) })}
              />
            </div>
          ))}
          <div className="row">
            <Button
              size="small"
              icon={<PlusOutlined />}
              disabled={choices.length >= 20}
              onClick={() => set({ choices: [...choices, { key: "", label: words() }] })}
            >
              {t("surveys.add_choice")}
            </Button>
            {question.kind === "multi" && (
              <Field label={t("surveys.most")}>
                <InputNumber
                  min={0}
                  max={choices.length}
                  value={question.most}
                  onChange={(most) => set({ most: most ?? 0 })}
                />
              </Field>
            )}
          </div>
        </div>
      )}
      {question.kind === "scale" && (
        <div className="row">
          <Field label={t("surveys.low")}>
            <InputNumber min={0} max={9} value={question.low} onChange={(low) => set({ low: low ?? 1 })} />
          </Field>
          <Field label={t("surveys.high")}>
            <InputNumber min={1} max={10} value={question.high} onChange={(high) => set({ high: high ?? 5 })} />
          </Field>
        </div>
      )}
      {(question.kind === "scale" || question.kind === "nps") && (
        <>
          <Both
            label={t("surveys.low_label")}
            value={question.low_label ?? words()}
            onChange={(low_label) => set({ low_label })}
            longest={20}
          />
          <Both
            label={t("surveys.high_label")}
            value={question.high_label ?? words()}
            onChange={(high_label) => set({ high_label })}
            longest={20}
          />
        </>
      )}
      <Field label={t("surveys.required")}>
        <span>
          <Switch
            checked={question.required}
            onChange={(required) => set({ required })}
            aria-label={t("surveys.required")}
          />
        </span>
      </Field>
    </>
  );
}

type BothProps = {
  label: string;
  value?: { zh?: string; en?: string };
  onChange: (value: Words) => void;
  error?: string | null;
  longest: number;
};

/** A text in both languages, beside each other. */
function Both({ label, value, onChange, error, longest }: BothProps) {
  const now = { zh: value?.zh ?? "", en: value?.en ?? "" };
  return (
    <div className="survey-both">
      <Field label={label} error={error}>
        <Input value={now.zh} maxLength={longest} onChange={(e) => onChange({ ...now, zh: e.target.value })} />
      </Field>
      <Field label="English">
        <Input value={now.en} maxLength={longest} onChange={(e) => onChange({ ...now, en: e.target.value })} />
      </Field>
    </div>
  );
}
