import { useTranslation } from "react-i18next";
import type { Policy } from "./policy";
import { difference } from "./policy";
import { useSentences } from "./useSentences";

/** The policy in plain words; beside another one, what was said before and what is said now. */
export function PolicyWords({ policy, before }: { policy: Policy; before?: Policy }) {
  const { t } = useTranslation();
  const say = useSentences();
  const earlier = before ? say(before) : null;
  return (
    <dl className="policy-words">
      {say(policy).map((chapter, place) => {
        const change = earlier ? difference(earlier[place]?.sentences ?? [], chapter.sentences) : null;
        return (
          <div key={chapter.key}>
            <dt>{t(`messaging.chapter_${chapter.key}`)}</dt>
            <dd>
              <ul>
                {change?.gone.map((words) => (
                  <li key={`gone ${words}`}>
                    <del>{words}</del>
                  </li>
                ))}
                {chapter.sentences.map((words) => (
                  <li key={words}>{change?.come.includes(words) ? <ins>{words}</ins> : words}</li>
                ))}
              </ul>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
