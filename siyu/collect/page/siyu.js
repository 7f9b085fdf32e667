/* Siyu 私域: page views and events of an H5 page. One line is enough:
   <script async src="https://HOST/siyu.js" data-key="WRITE KEY"></script>
   data-consent="wait": nothing is kept or sent before siyu.consent(true). data-page="off": no automatic page views.
   Calls before it has loaded: (window.siyu = window.siyu || []).push(["track", "name", {…}]).
   Plain ES2015 without dependencies, so that it runs as it is in WeChat's browser on old phones. */
(function () {
  "use strict";
  var tag = document.currentScript;
  var asked = window.siyu;
  if (!tag || (asked && asked.track)) return;
  var key = tag.getAttribute("data-key");
  if (!key) return console.error("siyu.js: data-key is missing");
  var url = new URL("/v1/batch", tag.getAttribute("data-host") || tag.src).href;
  var OWN = "siyu.";
  var KEPT = 500; // messages that wait at most: the oldest go first
  var TOGETHER = 50;
  var BYTES = 50000; // a browser lets 64 KiB outlive a page
  var STALE_MS = 30000;

  var store;
  try {
    store = window.localStorage;
    store.setItem(OWN + "try", "1");
    store.removeItem(OWN + "try");
  } catch (_) {
    store = null; // private browsing: it works for the life of the page
  }
  var memory = {};
  function read(name) {
    return (store && store.getItem(OWN + name)) || memory[name] || null;
  }
  function write(name, value) {
    if (value === null) {
      delete memory[name];
      if (store) store.removeItem(OWN + name);
      return;
    }
    memory[name] = value;
    try {
      if (store) store.setItem(OWN + name, value);
    } catch (_) {} // full: memory holds it
  }
  function random() {
    var hex = "";
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    for (var i = 0; i < 16; i++) hex += (bytes[i] + 256).toString(16).slice(1);
    return hex;
  }

  var allowed = tag.getAttribute("data-consent") !== "wait" || read("consent") === "yes";
  if (read("consent") === "no") allowed = false;
  // Each tab keeps its own queue; one left behind by a closed tab is taken over. Sent twice is counted once: ids stay.
  var mine = "q." + random();
  var queue = [];
  function keep() {
    if (allowed) write(mine, queue.length ? JSON.stringify({ t: Date.now(), m: queue }) : null);
  }
  function adopt() {
    if (!store || !allowed) return;
    Object.keys(store).forEach(function (name) {
      if (name.indexOf(OWN + "q.") !== 0 || name === OWN + mine) return;
      try {
        var left = JSON.parse(store.getItem(name));
        if (Date.now() - left.t < STALE_MS) return;
        queue = left.m.concat(queue).slice(-KEPT);
      } catch (_) {}
      store.removeItem(name);
    });
    keep();
    if (queue.length) later(1000);
  }

  var visitor = { anonymous: null, user: null };
  function who() {
    visitor.anonymous = visitor.anonymous || read("id") || random();
    visitor.user = visitor.user || read("user");
    if (allowed) write("id", visitor.anonymous);
    return visitor;
  }
  function place() {
    return { url: location.href, path: location.pathname, title: document.title, referrer: document.referrer };
  }
  function say(type, fields) {
    if (read("consent") === "no") return;
    who();
    var message = {
      type: type,
      messageId: random(),
      timestamp: new Date().toISOString(),
      anonymousId: visitor.anonymous,
      context: {
        library: { name: "siyu.js", version: "1" },
        page: place(),
        locale: navigator.language,
        screen: { width: screen.width, height: screen.height },
        wechat: /MicroMessenger/i.test(navigator.userAgent),
      },
    };
    if (visitor.user) message.userId = visitor.user;
    for (var name in fields) message[name] = fields[name];
    queue.push(message);
    if (queue.length > KEPT) queue.shift();
    keep();
    if (queue.length >= TOGETHER) flush();
    else later(1000);
  }

  var timer = 0;
  var due = 0;
  var sending = false;
  var failures = 0;
  function later(ms) {
    var at = Date.now() + ms;
    if (timer && due <= at) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(flush, ms);
  }
  function batch() {
    var size = 0;
    var count = 0;
    while (count < queue.length && count < TOGETHER) {
      size += JSON.stringify(queue[count]).length * 2;
      if (count && size > BYTES) break;
      count++;
    }
    return queue.slice(0, count);
  }
  function body(messages) {
    return JSON.stringify({ writeKey: key, batch: messages, sentAt: new Date().toISOString() });
  }
  function gone(messages) {
    var ids = {};
    messages.forEach(function (one) {
      ids[one.messageId] = 1;
    });
    queue = queue.filter(function (one) {
      return !ids[one.messageId];
    });
    keep();
  }
  function again(waitSeconds) {
    failures++;
    later(waitSeconds > 0 ? waitSeconds * 1000 : Math.min(60000, 500 * Math.pow(2, failures)) * (0.75 + Math.random() / 2));
  }
  function flush() {
    clearTimeout(timer);
    timer = 0;
    if (!allowed || sending || !queue.length) return;
    var messages = batch();
    sending = true;
    // text/plain asks no permission from the server beforehand; the key is in the body and no cookie goes along.
    fetch(url, { method: "POST", body: body(messages), headers: { "Content-Type": "text/plain" }, keepalive: true, credentials: "omit", mode: "cors" })
      .then(function (answer) {
        sending = false;
        var code = answer.status;
        if (code === 408 || code === 429 || code > 499) return again(Number(answer.headers.get("Retry-After")));
        if (code > 399) console.warn("siyu.js: refused with " + code);
        failures = 0;
        gone(messages);
        if (queue.length) flush();
      })
      .catch(function () {
        sending = false;
        again(0);
      });
  }
  function leave() {
    if (!allowed || !queue.length) return;
    var messages = batch();
    // What a dying page sent stays kept until an answer was seen: the next page may say it again with the same ids.
    if (navigator.sendBeacon && navigator.sendBeacon(url, new Blob([body(messages)], { type: "text/plain" }))) keep();
    else flush();
  }

  var siyu = {
    track: function (name, properties) {
      say("track", { event: String(name), properties: properties || {} });
    },
    identify: function (id, traits) {
      if (id && typeof id !== "object") {
        who();
        visitor.user = String(id);
        if (allowed) write("user", visitor.user);
      } else traits = traits || id;
      say("identify", { traits: traits || {} });
    },
    page: function (name, properties) {
      var fields = place();
      for (var each in properties) fields[each] = properties[each];
      say("page", { name: name || document.title, properties: fields });
    },
    /** Somebody logged out: who comes now is somebody else. */
    reset: function () {
      flush();
      visitor = { anonymous: null, user: null };
      write("id", null);
      write("user", null);
    },
    consent: function (yes) {
      write("consent", yes ? "yes" : "no");
      allowed = !!yes;
      if (allowed) {
        if (visitor.user) write("user", visitor.user);
        if (visitor.anonymous) write("id", visitor.anonymous);
        adopt();
        flush();
      } else {
        queue = [];
        write(mine, null);
        siyu.reset();
      }
    },
    flush: flush,
    anonymousId: function () {
      return who().anonymous;
    },
    push: function (call) {
      siyu[call[0]].apply(siyu, call.slice(1));
    },
  };
  window.siyu = siyu;
  addEventListener("pagehide", leave);
  addEventListener("online", flush);
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") leave();
  });
  if (tag.getAttribute("data-page") !== "off") {
    siyu.page();
    var last = location.href;
    var moved = function () {
      if (location.href === last) return;
      last = location.href;
      siyu.page();
    };
    addEventListener("popstate", moved);
    var push = history.pushState;
    history.pushState = function () {
      var result = push.apply(this, arguments);
      setTimeout(moved);
      return result;
    };
  }
  if (asked && asked.length) asked.forEach(siyu.push);
  adopt();
})();
