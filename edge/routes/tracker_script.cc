// SPDX-License-Identifier: Apache-2.0
// The tracker as it is served. Written by edge/routes/tracker/embed.py from pixel.js: change that,
// run it, and commit both. Constants only.
#include "edge/routes/tracker_script.h"

namespace pixel::edge {

// clang-format off
const std::string_view kTrackerScript =
    "(function(window,document,navigator){\"use strict\";var script=document.currentScript||docum"
    "ent.querySelector(\"script[src*='pixel.js']\");var earlier=window.pixel;if(!script||(earlier"
    "&&earlier.on))return;function setting(name){return script.getAttribute(\"data-\"+name)}var e"
    "ndpoint=new URL(setting(\"endpoint\")||\"i\",script.src).href;var declined=setting(\"respect"
    "-dnt\")!==null&&(navigator.globalPrivacyControl||(navigator.doNotTrack||window.doNotTrack)=="
    "\"1\");function send(name,data,beacon){if(declined)return;var query=new URLSearchParams();fu"
    "nction add(key,value){query.set(key,(\"\"+value).slice(0,2000));if(value==null||value===\"\""
    ")query.delete(key)}for(var key in data){var value=data[key];add(key,value&&typeof value==\"o"
    "bject\"?JSON.stringify(value):value)}add(\"e\",name);add(\"url\",location.href);add(\"ref\","
    "document.referrer);add(\"t\",document.title.slice(0,200));add(\"sr\",screen.width+\"x\"+scre"
    "en.height);add(\"vp\",window.innerWidth+\"x\"+window.innerHeight);add(\"lang\",navigator.lan"
    "guage);try{add(\"tz\",Intl.DateTimeFormat().resolvedOptions().timeZone)}catch(none){}add(\"c"
    "b\",Date.now().toString(36)+Math.random().toString(36).slice(2,8));var address=endpoint+\"?"
    "\"+query;if(!(beacon&&navigator.sendBeacon&&navigator.sendBeacon(address))){new Image().src="
    "address}}function click(event){var target=event.target;if(!target.closest)return;var marked="
    "target.closest(\"[data-pixel-click]\");var link=target.closest(\"a[href]\");var to=link&&lin"
    "k.href;if(marked){send(marked.getAttribute(\"data-pixel-click\")||\"click\",{to:to},1)}else "
    "if(link&&link.host&&link.host!=location.host){send(\"out\",{to:to},1)}}function begin(){if(s"
    "etting(\"manual\")===null)send(\"pv\");var waiting=(earlier&&earlier.q)||[];for(var i=0;i<wa"
    "iting.length;i++)window.pixel.apply(0,waiting[i])}window.pixel=function(name,data){send(name"
    ",data,1)};window.pixel.on=1;document.addEventListener(\"click\",click,true);document.addEven"
    "tListener(\"auxclick\",click,true);if(document.prerendering){document.addEventListener(\"pre"
    "renderingchange\",begin,{once:true})}else{begin()}})(window,document,navigator);\n";
// clang-format on

}  // namespace pixel::edge
