// SPDX-License-Identifier: Apache-2.0
// The tracker that pixel-edge serves as /pixel.js: page views, events and clicks as requests to the
// path "i" beside the script itself. README.md here says how a page uses it and what it sends;
// embed.py makes the copy that is compiled in. No regular expressions, no template strings, a
// semicolon after every statement: embed.py only takes out comments and space.
(function (window, document, navigator) {
  "use strict";
  var script = document.currentScript || document.querySelector("script[src*='pixel.js']");
  var earlier = window.pixel;
  if (!script || (earlier && earlier.on)) return;

  function setting(name) {
    return script.getAttribute("data-" + name);
  }

  var endpoint = new URL(setting("endpoint") || "i", script.src).href;
  var declined = setting("respect-dnt") !== null &&
    (navigator.globalPrivacyControl || (navigator.doNotTrack || window.doNotTrack) == "1");

  // Ours are written last: data cannot pretend to be another event or page.
  function send(name, data, beacon) {
    if (declined) return;
    var query = new URLSearchParams();
    function add(key, value) {
      query.set(key, ("" + value).slice(0, 2000));
      if (value == null || value === "") query.delete(key);
    }
    for (var key in data) {
      var value = data[key];
      add(key, value && typeof value == "object" ? JSON.stringify(value) : value);
    }
    add("e", name);
    add("url", location.href);
    add("ref", document.referrer);
    add("t", document.title.slice(0, 200));
    add("sr", screen.width + "x" + screen.height);
    add("vp", window.innerWidth + "x" + window.innerHeight);
    add("lang", navigator.language);
    try {
      add("tz", Intl.DateTimeFormat().resolvedOptions().timeZone);
    } catch (none) {}
    add("cb", Date.now().toString(36) + Math.random().toString(36).slice(2, 8));
    var address = endpoint + "?" + query;
    // A beacon outlives the page. Where there is none, or its queue is full, an image has to do.
    if (!(beacon && navigator.sendBeacon && navigator.sendBeacon(address))) {
      new Image().src = address;
    }
  }

  function click(event) {
    var target = event.target;
    if (!target.closest) return;
    var marked = target.closest("[data-pixel-click]");
    var link = target.closest("a[href]");
    var to = link && link.href;
    if (marked) {
      send(marked.getAttribute("data-pixel-click") || "click", {to: to}, 1);
    } else if (link && link.host && link.host != location.host) {
      send("out", {to: to}, 1);
    }
  }

  function begin() {
    if (setting("manual") === null) send("pv");
    var waiting = (earlier && earlier.q) || [];
    for (var i = 0; i < waiting.length; i++) window.pixel.apply(0, waiting[i]);
  }

  window.pixel = function (name, data) {
    send(name, data, 1);
  };
  window.pixel.on = 1;
  document.addEventListener("click", click, true);
  document.addEventListener("auxclick", click, true);
  // A page that is rendered ahead has no reader yet.
  if (document.prerendering) {
    document.addEventListener("prerenderingchange", begin, {once: true});
  } else {
    begin();
  }
})(window, document, navigator);
