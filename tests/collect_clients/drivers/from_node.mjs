// Five clients from npm, unmodified, in one process (the mini program's under a small `wx` of ours).
// The order on stdin: {"url", "keys": {client: write key}, "rounds", "gap_seconds", "full"}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const order = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(import.meta.url);
const failed = [];
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
async function rounds(each) {
  for (let number = 0; number < order.rounds; number++) {
    each(number);
    await sleep(order.gap_seconds);
  }
}

const clients = {
  async segment(writeKey) {
    const { Analytics } = await import("@segment/analytics-node");
    const client = new Analytics({ writeKey, host: order.url, flushInterval: 200, maxRetries: 12 });
    client.on("error", (error) => failed.push(`segment ${error.code}`));
    await rounds((number) => {
      client.identify({ userId: `segment_node-${number}`, traits: { level: number } });
      client.track({ userId: `segment_node-${number}`, event: "segment_node ordered", properties: { round: number } });
    });
    if (order.full) {
      client.track({ anonymousId: "segment_node-visitor", event: "segment_node looked" });
      client.alias({ previousId: "segment_node-visitor", userId: "segment_node-0" });
      client.group({ userId: "segment_node-0", groupId: "club-1" });
    }
    await client.closeAndFlush({ timeout: 60000 });
  },
  async rudder(writeKey) {
    const Analytics = require("@rudderstack/rudder-sdk-node");
    const client = new (Analytics.default ?? Analytics)(writeKey, { dataPlaneUrl: order.url, flushInterval: 200 });
    await rounds((number) => {
      client.identify({ userId: `rudder_node-${number}`, traits: { level: number } });
      client.track({ userId: `rudder_node-${number}`, event: "rudder_node ordered", properties: { round: number } });
    });
    await client.flush();
    await sleep(0.5);
    await client.flush();
  },
  async posthog(key) {
    const { PostHog } = await import("posthog-node");
    const client = new PostHog(key, { host: order.url, flushInterval: 200, fetchRetryCount: 12 });
    client.on("error", (error) => failed.push(`posthog ${error}`));
    await rounds((number) => {
      client.identify({ distinctId: `posthog_node-${number}`, properties: { level: number } });
      client.capture({ distinctId: `posthog_node-${number}`, event: "posthog_node ordered", properties: { round: number } });
    });
    if (order.full) {
      client.capture({ distinctId: "posthog_node-visitor", event: "posthog_node looked" });
      client.alias({ distinctId: "posthog_node-0", alias: "posthog_node-visitor" });
    }
    await client.shutdown(60000);
  },
  async sensors(key) {
    const module = require("sa-sdk-node");
    const SensorsAnalytics = module.default ?? module;
    const client = new SensorsAnalytics();
    client.submitTo({ url: `${order.url}/sa?project=default&token=${key}`, gzip: true, mode: "track", timeout: 10000 });
    await rounds((number) => {
      client.profileSet(`sensors_node-${number}`, { level: number });
      client.track(`sensors_node-${number}`, "SensorsNodeOrdered", { round: number });
    });
    if (order.full) {
      client.track("sensors_node-visitor", "SensorsNodeLooked", { from: "test" });
      client.trackSignup("sensors_node-0", "sensors_node-visitor", { from: "test" });
    }
    // It does not say when it is done, and what is on its way when the process ends is lost: time enough for a busy machine.
    await sleep(8);
  },
};

await Promise.all(
  Object.entries(order.keys).map(([name, key]) =>
    clients[name](key).catch((error) => failed.push(`${name} ${error?.stack ?? error}`)),
  ),
);
console.log(JSON.stringify({ failed }));
process.exit(0);
