// The archive as a gallery, with search, filters and pages. What is asked for stands in
// the address, so that going back and bookmarks work.
import { get, post, assetLink, contentPath } from "./api.js";
import { $, el, fill, nothing, badge, toast } from "./dom.js";
import { day, length, plural, size } from "./format.js";

const PAGE = 60;
const form = $("filters");
let query = new URLSearchParams(), next = null, pending = null;

function picture(asset) {
  const frame = el("span", { class: `picture ${asset.type || ""}`, "aria-hidden": "true" });
  if (asset.thumbnail) {
    const image = el("img", { src: contentPath(asset, asset.thumbnail), alt: "", loading: "lazy", decoding: "async" });
    image.addEventListener("error", () => image.remove());
    frame.append(image);
  }
  if (asset.duration) frame.append(el("span", { class: "length" }, length(asset.duration)));
  return frame;
}

// One asset of a gallery; the whole card is its link.
export function card(asset) {
  return el("li", null, el("a", { class: "card", href: assetLink(asset) }, picture(asset),
    el("span", { class: "title" }, asset.title || asset.id),
    el("span", { class: "soft" }, [asset.workspace, day(asset.created || asset.first_seen), asset.bytes ? size(asset.bytes) : ""].filter(Boolean).join(" · ")),
    asset.state === "archived" && !asset.held ? null
      : el("span", { class: "badges" }, asset.state === "archived" ? null : badge(asset.state), asset.held && el("span", { class: "badge held" }, "held"))));
}

// A day of the form is one in the zone of who looks.
const midnight = (text, days) => {
  const [y, m, d] = text.split("-").map(Number);
  return new Date(y, m - 1, d + days).toISOString();
};

function apiPath() {
  const asked = new URLSearchParams({ limit: PAGE });
  for (const name of ["q", "workspace", "state", "type", "before"])
    if (query.get(name)) asked.set(name, query.get(name));
  if (query.get("from")) asked.set("from", midnight(query.get("from"), 0));
  if (query.get("to")) asked.set("to", midnight(query.get("to"), 1));
  return `/api/v1/assets?${asked}`;
}

const filtered = () => [...query.keys()].some((name) => name !== "before");

function showPage({ assets, next: more }) {
  next = more;
  if (assets.length) {
    fill($("gallery"), assets, (asset) => asset.row, card);
    $("found").textContent = plural(assets.length, "asset", "assets") + (more ? " on this page, newest first" : ", newest first");
  } else {
    $("found").textContent = "";
    if (more !== null) nothing($("gallery"), "Nothing so far. “Older” looks further back.");
    else if (filtered()) nothing($("gallery"), "Nothing matches. Take a filter away, or search for a part of the title.");
    else nothing($("gallery"), "The archive is empty. Media appears here as soon as the platform tells of it, or when you fetch it by its id below.");
  }
  $("newest").hidden = !query.get("before");
  $("older").hidden = more === null;
}

async function load() {
  pending?.abort();
  const mine = pending = new AbortController();
  const slow = setTimeout(() => { $("found").textContent = "Searching …"; }, 300);
  $("gallery").setAttribute("aria-busy", "true");
  try {
    const page = await get(apiPath(), mine.signal);
    if (mine === pending) showPage(page);
  } catch (error) {
    if (mine === pending) {
      $("found").textContent = "";
      nothing($("gallery"), `${error.message} `, el("button", { type: "button", class: "small", click: load }, "Try again"));
    }
  }
  clearTimeout(slow);
  if (mine === pending) $("gallery").setAttribute("aria-busy", "false");
}

function ask(changes) {
  const asked = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes))
    if (value) asked.set(name, value);
    else asked.delete(name);
  const text = asked.toString();
  location.hash = text ? `#/archive?${text}` : "#/archive";
}

const read = () => Object.fromEntries(["q", "workspace", "state", "type", "from", "to"].map((name) => [name, form.elements[name].value.trim()]));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask({ ...read(), before: "" });
});
form.addEventListener("change", (event) => {
  if (event.target.name !== "q") ask({ ...read(), before: "" });
});
form.addEventListener("reset", () => { location.hash = "#/archive"; });
$("older").addEventListener("click", () => { ask({ before: next }); window.scrollTo(0, 0); });
$("newest").addEventListener("click", () => { ask({ before: "" }); window.scrollTo(0, 0); });

$("fetch").querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = event.target.elements, ids = fields.ids.value.split(/[\s,]+/).filter(Boolean);
  try {
    await post("/api/v1/fetch", { workspace: fields.workspace.value, ids });
    toast(`${plural(ids.length, "media is", "media are")} fetched now.`);
    fields.ids.value = "";
    load();
  } catch (error) {
    toast(error.message, true);
  }
});

function options(select, names, value) {
  const missing = names.filter((name) => ![...select.options].some((option) => option.value === name));
  select.append(...missing.map((name) => el("option", { value: name }, name.replaceAll("-", " "))));
  if (value !== undefined) select.value = value;
}

export function news(status) {
  const names = status.workspaces.map((workspace) => workspace.name);
  options(form.elements.workspace, names, query.get("workspace") || "");
  options(form.elements.state, Object.keys(status.assets), query.get("state") || "");
  options($("fetch").querySelector("select"), names);
}

export function enter(_rest, asked) {
  query = asked;
  for (const name of ["q", "workspace", "state", "type", "from", "to"]) {
    const field = form.elements[name], value = asked.get(name) || "";
    if (value && field.tagName === "SELECT") options(field, [value]);
    field.value = value;
  }
  load();
}

export function leave() {
  pending?.abort();
  pending = null;
}
