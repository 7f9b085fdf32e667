import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { Empty } from "@/ui/Empty";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";

/** Every kind of event that the platform writes, with its columns and how often it came. */
export function CatalogueTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useQuery({
    queryKey: ["events", "catalogue"],
    queryFn: () => must(api.GET("/api/v1/events/catalogue")),
  });
  return (
    <QueryView query={query} lines={8}>
      {(data) =>
        data.items.length === 0 ? (
          <Empty title={t("events.none")} />
        ) : (
          <ul className="catalogue">
            {data.items.map((event) => (
              <li key={`${event.name}${event.version}`} className="panel">
                <div className="row spread">
                  <h2>{f.label(event.label)}</h2>
                  <span className="num muted">{t("events.count_30d", { n: f.count(event.count_30d) })}</span>
                </div>
                <code className="muted">
                  {event.name} · v{event.version}
                </code>
                <p>{f.label(event.description)}</p>
                {event.properties.length > 0 && (
                  <details>
                    <summary className="small">{t("events.properties", { n: event.properties.length })}</summary>
                    <dl className="keyvals">
                      {event.properties.map((property) => (
                        <div key={property.path} className="pair">
                          <dt>
                            <code>{property.path}</code> <small>{property.type}</small>
                          </dt>
                          <dd>{property.description}</dd>
                        </div>
                      ))}
                    </dl>
                  </details>
                )}
              </li>
            ))}
          </ul>
        )
      }
    </QueryView>
  );
}
