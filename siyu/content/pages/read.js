// How long the page was in sight, told when it goes out of sight; and from now on this address is the reader's own, so that it says who passes it on.
(function () {
  var body = document.body, visit = body.dataset.visit, part = 0, since = document.hidden ? 0 : Date.now(), seen = 0;
  var door = '/a/' + body.dataset.token + '/seen';
  if (history.replaceState) history.replaceState(null, '', '/a/' + body.dataset.own);
  function tell() {
    if (since) { seen += Date.now() - since; since = 0; }
    var seconds = Math.round(seen / 1000);
    if (seconds < 1) return;
    seen = 0;
    var said = new URLSearchParams({ visit: visit, part: String(part++), seconds: String(Math.min(seconds, 3600)) });
    if (!(navigator.sendBeacon && navigator.sendBeacon(door, said))) fetch(door, { method: 'POST', body: said, keepalive: true });
  }
  document.addEventListener('visibilitychange', function () { if (document.hidden) tell(); else since = Date.now(); });
  addEventListener('pagehide', tell);
})();
