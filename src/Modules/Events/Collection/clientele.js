/* Clientele: <script async src="https://…/clientele.js" data-key="wk_…"></script>. API: clientele.track, page, identify, group, alias, reset, consent. Apache-2.0 */
(function (w, d) {
  "use strict";
  var tag = d.currentScript || d.querySelector("script[data-key][src*='clientele.js']");
  var early = Array.isArray(w.clientele) ? w.clientele : [];
  var opt = (tag && tag.dataset) || {}, key = opt.key, host = opt.host || (tag ? new URL(tag.src).origin : "");
  // Where nothing may be stored, what is known lasts as long as the page.
  var mem = {}, store = {
    get: function (k) { try { return w.localStorage.getItem("cl_" + k); } catch (e) { return mem[k] || null; } },
    set: function (k, v) { mem[k] = v; try { v === null ? w.localStorage.removeItem("cl_" + k) : w.localStorage.setItem("cl_" + k, v); } catch (e) { } }
  };
  var id = function () {
    return w.crypto && crypto.randomUUID ? crypto.randomUUID() : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, function (c) { return (c ^ (Math.random() * 16 >> c / 4)).toString(16); });
  };
  // "required": nothing is stored or sent until consent(true); what happens before waits in memory.
  var answer = store.get("consent"), queue = [], timer = 0, sending = false, wait = 1000, last = "";
  var allowed = function () { return answer === "yes" || (answer !== "no" && opt.consent !== "required"); };
  var visitor = function () { var v = store.get("anon") || mem.anon; if (!v) { v = id(); allowed() ? store.set("anon", v) : mem.anon = v; } return v; };
  var session = function () {
    var now = Date.now(), s = (store.get("session") || "").split("."), fresh = !s[1] || now - s[1] > 18e5, v = (fresh ? id() : s[0]);
    if (allowed()) store.set("session", v + "." + now);
    return v;
  };
  function context() {
    var p = new URLSearchParams(location.search), c = {}, any = false;
    p.forEach(function (v, k) { if (k.indexOf("utm_") === 0) { c[k === "utm_campaign" ? "name" : k.slice(4)] = v; any = true; } });
    var x = {
      library: { name: "clientele.js", version: "1" }, locale: navigator.language, userAgent: navigator.userAgent, sessionId: session(),
      page: { url: location.href, path: location.pathname, search: location.search, title: d.title, referrer: d.referrer },
      screen: { width: screen.width, height: screen.height, density: w.devicePixelRatio }
    };
    try { x.timezone = Intl.DateTimeFormat().resolvedOptions().timeZone; } catch (e) { }
    if (navigator.userAgentData) x.userAgentData = { mobile: navigator.userAgentData.mobile, platform: navigator.userAgentData.platform };
    if (any) x.campaign = c;
    return x;
  }
  function add(type, more) {
    if (answer === "no") return;
    var m = { type: type, messageId: id(), anonymousId: visitor(), timestamp: new Date().toISOString(), context: context() }, u = store.get("user"), k;
    if (u) m.userId = u;
    for (k in more) if (more[k] !== undefined) m[k] = more[k];
    queue.push(m);
    if (queue.length > 500) queue.shift();
    if (allowed()) { keep(); later(200); }
  }
  function keep() { store.set("queue", queue.length ? JSON.stringify(queue.slice(-100)) : null); }
  function later(ms) { if (!timer) timer = setTimeout(function () { timer = 0; send(); }, ms); }
  function body(part) { return JSON.stringify({ writeKey: key, sentAt: new Date().toISOString(), batch: part }); }
  function send() {
    if (sending || !queue.length || !allowed() || !key) return;
    var part = queue.slice(0, 50);
    sending = true;
    fetch(host + "/v1/batch", { method: "POST", body: body(part), keepalive: part.length < 20, headers: { "Content-Type": "text/plain" } }).then(function (r) {
      // Taken, or never to be taken; anything else is tried again.
      if (r.ok || (r.status < 500 && r.status !== 429)) { done(part); wait = 1000; return 0; }
      return Math.max(wait, 1000 * (+r.headers.get("Retry-After") || 0));
    }, function () { return wait; }).then(function (again) {
      sending = false;
      if (again) { wait = Math.min(wait * 2, 6e4); later(again); } else if (queue.length) later(0);
    });
  }
  function done(part) { queue = queue.filter(function (m) { return part.indexOf(m) < 0; }); keep(); }
  function leave() {
    if (!queue.length || sending || !allowed() || !key) return;
    var part = queue.slice(0, 20);
    // The rest, and what did not arrive, waits for the next page; the message id keeps anything from counting twice.
    if (navigator.sendBeacon && navigator.sendBeacon(host + "/v1/batch", body(part))) done(part);
  }
  function view() { if (location.href !== last) { last = location.href; api.page(); } }
  var api = {
    track: function (event, properties) { add("track", { event: event, properties: properties || {} }); },
    page: function (name, properties) { add("page", { name: name, properties: properties || {} }); },
    identify: function (user, traits) { if (user && typeof user === "object") { traits = user; user = undefined; } if (user) store.set("user", String(user)); add("identify", { userId: user && String(user), traits: traits || {} }); },
    group: function (group, traits) { add("group", { groupId: String(group), traits: traits || {} }); },
    alias: function (user, previous) { add("alias", { userId: String(user), previousId: String(previous || visitor()) }); },
    reset: function () { ["user", "anon", "session"].forEach(function (k) { store.set(k, null); mem[k] = null; }); },
    consent: function (yes) {
      answer = yes ? "yes" : "no";
      if (!yes) { queue = []; ["user", "anon", "session", "queue"].forEach(function (k) { store.set(k, null); mem[k] = null; }); }
      store.set("consent", answer);
      if (yes) { if (mem.anon) store.set("anon", mem.anon); keep(); later(0); }
    },
    anonymousId: visitor, flush: send, push: function (call) { api[call[0]].apply(api, call.slice(1)); }
  };
  try { if (allowed()) queue = JSON.parse(store.get("queue") || "[]"); } catch (e) { }
  w.clientele = api;
  early.forEach(api.push);
  if (opt.pages !== "off") {
    view();
    ["pushState", "replaceState"].forEach(function (f) { var was = history[f]; history[f] = function () { was.apply(history, arguments); setTimeout(view, 0); }; });
    w.addEventListener("popstate", view);
  }
  d.addEventListener("visibilitychange", function () { if (d.visibilityState === "hidden") leave(); });
  w.addEventListener("pagehide", leave);
  if (queue.length) later(0);
})(window, document);
