// The page: which view is shown, and what all of them have in common.
import { session, post } from "./api.js";
import { $, clean, toast } from "./dom.js";
import { count, size } from "./format.js";
import * as live from "./live.js";
import * as overview from "./overview.js";
import * as archive from "./archive.js";
import * as asset from "./asset.js";

const views = { overview, archive, asset };
let shown = "";

// "#/archive?q=goal" → view, what follows it, and parameters.
function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  return { name: name === "" ? "overview" : name, rest: rest.map(decodeURIComponent), query: new URLSearchParams(query || "") };
}

function go() {
  const { name, rest, query } = route();
  const view = views[name] ? name : "overview";
  if (location.hash === "#main") return;
  for (const id of Object.keys(views)) $(id).hidden = id !== view;
  for (const link of document.querySelectorAll("nav [data-view]"))
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else if (link.dataset.view === "archive" && view === "asset") link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  if (shown && shown !== view) {
    views[shown].leave?.();
    window.scrollTo(0, 0);
    $("main").focus({ preventScroll: true });
  }
  shown = view;
  document.title = view === "overview" ? "vodkeep" : `${view === "archive" ? "Archive" : "Asset"} · vodkeep`;
  views[view].enter(rest, query);
}

function pulse(status, trouble) {
  const lost = trouble !== null;
  $("pulse").className = lost ? "lost" : status.warnings.length ? "warn" : "";
  const text = lost ? trouble : [status.paused ? "paused" : "",
    `${count(status.assets.archived)} archived, ${size(status.archive.bytes)}`,
    status.in_flight.files ? `${size(status.in_flight.rate)}/s` : ""].filter(Boolean).join(" · ");
  if ($("pulse-text").textContent !== clean(text)) $("pulse-text").textContent = clean(text);
}

$("logout").addEventListener("click", async () => {
  try {
    await post("/api/v1/logout");
    location.assign("/login");
  } catch (error) {
    toast(error.message, true);
  }
});

live.onStatus(pulse);
live.onStatus((status, trouble) => {
  if (trouble === null) for (const view of Object.values(views)) view.news?.(status, view === views[shown]);
});
window.addEventListener("hashchange", go);

async function begin() {
  try {
    $("logout").hidden = !(await session()).password;
  } catch (error) {
    toast(error.message, true);
  }
  go();
  live.start();
}
begin();
