// What a developer pastes, per SDK: only the host and the key are ours. Each is what the SDK's own documentation says.

export type Sdk = { key: string; name: string; kinds: string[]; code: (host: string, key: string) => string };

export const SDKS: Sdk[] = [
  {
    key: "siyu",
    name: "siyu.js",
    kinds: ["web"],
    code: (host, key) => `<script async src="${host}/siyu.js" data-key="${key}"></script>
<script>
  window.siyu = window.siyu || [];
  siyu.push(["identify", "USER_ID", { name: "小雨" }]);
  siyu.push(["track", "add_to_cart", { sku: "T-01", price: 68 }]);
</script>`,
  },
  {
    key: "sensors_web",
    name: "神策 Web",
    kinds: ["web"],
    code: (host, key) => `sensors.init({
  server_url: "${host}/sa?project=default&token=${key}",
  send_type: "beacon",
  use_client_time: true,
});
sensors.quick("autoTrack");`,
  },
  {
    key: "sensors_mp",
    name: "神策 小程序",
    kinds: ["mini_program"],
    code: (host, key) => `// app.js
import sensors from "sa-sdk-miniprogram";
sensors.setPara({
  server_url: "${host}/sa?project=default&token=${key}",
  autoTrack: { appLaunch: true, appShow: true, pageShow: true },
});
sensors.init();
// 小程序后台 → 开发设置 → request 合法域名: ${host}`,
  },
  {
    key: "sensors_python",
    name: "神策 Python",
    kinds: ["server", "shop"],
    code: (host, key) => `import sensorsanalytics as sa

consumer = sa.BatchConsumer("${host}/sa?project=default&token=${key}")
client = sa.SensorsAnalytics(consumer, "default")
client.track("USER_ID", "PayOrder", {"amount": 68}, is_login_id=True)
client.flush()`,
  },
  {
    key: "sensors_node",
    name: "神策 Node",
    kinds: ["server"],
    code: (host, key) => `import SensorsAnalytics from "sa-sdk-node";

const client = new SensorsAnalytics();
client.submitTo({ url: "${host}/sa?project=default&token=${key}", gzip: true, mode: "track" });
client.track("USER_ID", "PayOrder", { amount: 68 });`,
  },
  {
    key: "segment_node",
    name: "Segment Node",
    kinds: ["server"],
    code: (host, key) => `import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({ writeKey: "${key}", host: "${host}" });
analytics.track({ userId: "USER_ID", event: "Order Completed", properties: { revenue: 68 } });`,
  },
  {
    key: "segment_python",
    name: "Segment Python",
    kinds: ["server"],
    code: (host, key) => `import segment.analytics as analytics

analytics.write_key = "${key}"
analytics.host = "${host}"
analytics.track("USER_ID", "Order Completed", {"revenue": 68})`,
  },
  {
    key: "posthog_js",
    name: "PostHog Web",
    kinds: ["web"],
    code: (host, key) => `posthog.init("${key}", { api_host: "${host}", advanced_disable_flags: true });
posthog.capture("add_to_cart", { sku: "T-01" });`,
  },
  {
    key: "posthog_node",
    name: "PostHog Node",
    kinds: ["server"],
    code: (host, key) => `import { PostHog } from "posthog-node";

const client = new PostHog("${key}", { host: "${host}" });
client.capture({ distinctId: "USER_ID", event: "order_completed", properties: { revenue: 68 } });`,
  },
  {
    key: "posthog_python",
    name: "PostHog Python",
    kinds: ["server"],
    code: (host, key) => `from posthog import Posthog

posthog = Posthog("${key}", host="${host}")
posthog.capture("order_completed", distinct_id="USER_ID", properties={"revenue": 68})`,
  },
  {
    key: "rudder_node",
    name: "RudderStack Node",
    kinds: ["server"],
    code: (host, key) => `import Analytics from "@rudderstack/rudder-sdk-node";

const client = new Analytics("${key}", { dataPlaneUrl: "${host}" });
client.track({ userId: "USER_ID", event: "Order Completed", properties: { revenue: 68 } });`,
  },
  {
    key: "rudder_python",
    name: "RudderStack Python",
    kinds: ["server"],
    code: (host, key) => `import rudderstack.analytics as rudder

rudder.write_key = "${key}"
rudder.dataPlaneUrl = "${host}"
rudder.track("USER_ID", "Order Completed", {"revenue": 68})`,
  },
  {
    key: "curl",
    name: "HTTP",
    kinds: ["server", "shop", "app"],
    code: (host, key) => `curl -u "${key}:" ${host}/v1/track -d '{
  "userId": "USER_ID",
  "event": "Order Completed",
  "properties": { "revenue": 68 }
}'`,
  },
];

/** Those that fit the kind of feed first, then the others. */
export function sdksFor(kind: string): Sdk[] {
  return [...SDKS].sort((a, b) => Number(b.kinds.includes(kind)) - Number(a.kinds.includes(kind)));
}
