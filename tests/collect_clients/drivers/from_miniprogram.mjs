// 神策's mini program SDK, unmodified, under a small `wx` of ours: requests go out over HTTP, storage is a map.
// The order on stdin: {"url", "key", "rounds"}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const order = JSON.parse(readFileSync(0, "utf8"));
const failed = [];
const stored = new Map();
const later = (call, value) => setTimeout(() => call?.(value), 0);
globalThis.wx = {
  request({ url, method, data, header, success, fail, complete }) {
    fetch(url, { method, body: data, headers: { "Content-Type": "text/plain", ...header } })
      .then(async (answer) => success?.({ statusCode: answer.status, data: await answer.text() }))
      .catch((error) => {
        failed.push(String(error));
        fail?.({ errMsg: String(error) });
      })
      .finally(() => complete?.({}));
    return { abort() {} };
  },
  getStorageSync: (key) => stored.get(key) ?? "",
  getStorage: ({ key, success, fail, complete }) => {
    later(stored.has(key) ? success : fail, { data: stored.get(key) });
    later(complete, {});
  },
  setStorageSync: (key, value) => stored.set(key, value),
  setStorage: ({ key, data, success }) => {
    stored.set(key, data);
    later(success, {});
  },
  getSystemInfo: ({ success, complete }) => {
    later(success, { brand: "devtools", model: "iPhone 15", system: "iOS 18", screenWidth: 390, screenHeight: 844, platform: "ios", SDKVersion: "3.6.0", version: "8.0.50" });
    later(complete, {});
  },
  getSystemInfoSync: () => ({ brand: "devtools", model: "iPhone 15", system: "iOS 18", screenWidth: 390, screenHeight: 844, platform: "ios" }),
  getNetworkType: ({ success, complete }) => {
    later(success, { networkType: "wifi" });
    later(complete, {});
  },
  getAccountInfoSync: () => ({ miniProgram: { appId: "wx1234567890abcdef", envVersion: "release" } }),
  getLaunchOptionsSync: () => ({ path: "pages/index", query: {}, scene: 1001 }),
  onNetworkStatusChange() {},
  onAppShow() {},
  onAppHide() {},
  login() {},
  setNavigationBarTitle() {},
};
globalThis.App = (app) => app;
globalThis.Page = (page) => page;
globalThis.Component = (component) => component;
globalThis.getApp = () => ({});
globalThis.getCurrentPages = () => [];

const sensors = createRequire(import.meta.url)("sa-sdk-miniprogram");
sensors.setPara({
  server_url: `${order.url}/sa?project=default&token=${order.key}`,
  autoTrack: { appLaunch: false, appShow: false, appHide: false, pageShow: false, pageShare: false, mpFavorite: false },
  batch_send: { send_timeout: 200, max_length: 6 },
});
sensors.init();
for (let number = 0; number < order.rounds; number++) sensors.track("MiniLooked", { round: number });
sensors.login("mini-member-1");
sensors.bind("$identity_mp_unionid", "unionid-mini-1");
sensors.setProfile({ level: 3 });
sensors.track("MiniOrdered", { amount: 68 });
setTimeout(() => {
  console.log(JSON.stringify({ failed }));
  process.exit(0);
}, 8000);
