// One asset: watching it, what it is, its files, its story, and what can be done.
import { get, post, assetPath, contentPath, namedPath } from "./api.js";
import { $, el, badge, ask, action, toast } from "./dom.js";
import { length, size, when } from "./format.js";

const AGAIN_MS = 2000;
const PLAYED = /^(video\/|audio\/|application\/vnd\.apple\.mpegurl)/;
const view = $("asset");
let asset = null, shown = "", timer = 0, current = 0;

const names = () => `${asset.workspace}/${asset.id}`;

async function command(name, said) {
  await post(`${assetPath(asset)}/${name}`);
  toast(said);
  refresh();
}

async function remove() {
  if (await ask(`Remove ${asset.title || asset.id}?`,
    `The local copy of ${names()} is removed: ${asset.files.length} files, ${size(asset.bytes)}. It stays away until somebody fetches it again; the platform's own copy is not touched.`,
    "Remove")) await command("remove", "It is being removed.");
}

async function fetchAgain() {
  await post("/api/v1/fetch", { workspace: asset.workspace, ids: [asset.id] });
  toast("It is fetched now.");
  refresh();
}

function actions() {
  const gone = ["deleted", "trashed", "ignored"].includes(asset.state);
  const retries = ["failed", "waiting", "announced", "queued"].includes(asset.state);
  return el("div", { class: "buttons" },
    retries && action("Retry", () => command("retry", "It is tried again."), { class: "primary" }),
    gone && action("Fetch again", fetchAgain, { class: "primary" }),
    asset.held ? action("End the hold", () => command("unhold", "It is not held any more."))
      : action("Hold", () => command("hold", "It is held: nothing removes it."), { title: "A held asset is never removed, whatever comes" }),
    !gone && action("Remove", remove, { class: "danger", disabled: asset.held, title: asset.held ? "It is held" : null }));
}

// A package has its tracks as files too; the playlist that leads to them is the main one.
const main = (file) => Number(file.key === "video" || file.key === "audio");

function track(file) {
  return el("track", { kind: "subtitles", src: contentPath(asset, file.key), srclang: file.language || "und", label: file.language || file.key });
}

function player() {
  const media = asset.files.filter((file) => PLAYED.test(file.content_type || ""))
    .sort((a, b) => main(b) - main(a))[0];
  const still = asset.files.find((file) => file.role === "thumbnail");
  const poster = still && contentPath(asset, still.key);
  if (!media)
    return el("div", { class: "player still" }, still ? el("img", { src: poster, alt: "Thumbnail" }) : el("p", { class: "soft" }, "There is nothing to watch yet."));
  const audio = media.content_type.startsWith("audio/");
  const node = el(audio ? "audio" : "video", { controls: true, preload: "metadata", playsinline: !audio, poster: audio ? null : poster,
    src: namedPath(asset, media.path), "aria-label": `Play ${asset.title || asset.id}` },
  ...asset.files.filter((file) => file.content_type === "text/vtt").map(track));
  const trouble = el("p", { class: "soft", role: "alert" });
  node.addEventListener("error", () => {
    trouble.textContent = "This browser cannot play the file, or it cannot be read. Save it below, or check it with “vodkeep verify”.";
  });
  return el("div", { class: "player" }, node, trouble);
}

function fact(name, value) {
  return value === null || value === undefined || value === "" ? null : el("div", null, el("dt", null, name), el("dd", null, value));
}

function facts() {
  return el("dl", { class: "facts" }, fact("Workspace", asset.workspace), fact("Id", asset.id), fact("Type", asset.type),
    fact("Made", asset.created && when(asset.created)), fact("Length", length(asset.duration)), fact("Resolution", asset.resolution),
    fact("Archived", asset.archived && when(asset.archived)), fact("Size", asset.bytes ? size(asset.bytes) : ""),
    fact("Rule", asset.rule || "(built in)"), fact("Stream", asset.stream), fact("Channel", asset.channel), fact("Creator", asset.creator),
    fact("Goes away at the platform", asset.expires && when(asset.expires)),
    ...Object.entries(asset.metadata || {}).slice(0, 20).map(([key, value]) => fact(key, typeof value === "string" ? value : JSON.stringify(value))));
}

const ORDER = ["video", "audio", "subtitle", "thumbnail", "metadata"];

// What people call it: its role, and what tells it from others of that role.
function calledBy({ role, key, language }) {
  const rest = language || (key.startsWith(role) ? key.slice(role.length).replace(/^[.~]/, "") : key);
  return rest ? `${role} ${rest}` : role;
}

function fileRow(file) {
  return el("tr", null,
    el("th", { scope: "row" }, calledBy(file)),
    el("td", null, el("span", { class: "path" }, file.path),
      file.replaced && el("span", { class: "soft" }, `replaced ${when(file.replaced)}, kept`), el("code", { class: "hash", title: "SHA-256" }, file.sha256)),
    el("td", { class: "number" }, size(file.bytes)),
    el("td", null, el("a", { href: contentPath(asset, file.key, true), download: "", "aria-label": `Save ${calledBy(file)}` }, "Save")));
}

function files() {
  if (!asset.files.length) return el("p", { class: "empty" }, "No file is archived.");
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Files" }, el("table", null,
    el("thead", null, el("tr", null, ...["File", "Path and SHA-256", "Size", ""].map((text) => (text ? el("th", { scope: "col" }, text) : el("td", null))))),
    el("tbody", null, ...[...asset.files].sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role)).map(fileRow),
      ...asset.versions.map(fileRow))));
}

function lacking() {
  return el("section", { "aria-label": "Missing" }, el("h2", null, "Missing"),
    el("ul", { class: "lacking" }, ...asset.missing.map((piece) => el("li", null, el("b", null, calledBy(piece)), ` ${piece.why || "is looked for"}`))));
}

function story(told) {
  return el("ol", { class: "story" }, ...told.story.map((line) => el("li", null,
    el("time", { datetime: line.at }, when(line.at)), el("span", { class: "kind" }, line.kind), el("span", { class: "text" }, line.text))));
}

// The player stays as it is while the rest changes: watching goes on.
function show(told) {
  const playing = JSON.stringify(asset.files.map((file) => [file.key, file.sha256]));
  const old = view.querySelector(".player");
  const kept = old && view.dataset.playing === playing ? old : player();
  const focus = view.contains(document.activeElement) ? document.activeElement.textContent : null;
  view.dataset.playing = playing;
  view.replaceChildren(el("div", null,
    el("p", { class: "crumbs" }, el("a", { href: "#/archive" }, "Archive"), " / ", el("a", { href: `#/archive?workspace=${encodeURIComponent(asset.workspace)}` }, asset.workspace)),
    el("h1", null, asset.title || asset.id, " ", badge(asset.state), asset.held && el("span", { class: "badge held" }, "held")),
    asset.reason && el("p", { class: "reason" }, asset.reason),
    el("p", { class: "soft" }, told.next),
    el("div", { class: "split" }, kept, el("div", { class: "panel" }, actions(), facts())),
    el("section", { "aria-label": "Files" }, el("h2", null, "Files"), files()),
    asset.missing.length > 0 && lacking(),
    el("section", { "aria-label": "Story" }, el("h2", null, "Story"), story(told))));
  if (focus) [...view.querySelectorAll("button, a")].find((node) => node.textContent === focus)?.focus();
}

function showTrouble(error) {
  const missing = error.status === 404;
  view.dataset.playing = "";
  view.replaceChildren(el("p", { class: "crumbs" }, el("a", { href: "#/archive" }, "Archive")),
    el("h1", null, missing ? "No such asset" : "It cannot be shown"), el("p", { class: "reason" }, error.message),
    el("p", null, missing ? el("a", { href: "#/archive" }, "Search the archive") : el("button", { type: "button", click: refresh }, "Try again")));
}

async function refresh() {
  const mine = ++current;
  clearTimeout(timer);
  timer = 0;
  try {
    const [now, told] = await Promise.all([get(assetPath(asset)), get(`${assetPath(asset)}/story`)]);
    const key = JSON.stringify([now, told]);
    if (mine !== current) return;
    if (key !== shown) {
      asset = now;
      shown = key;
      document.title = `${now.title || now.id} · vodkeep`;
      show(told);
    }
  } catch (error) {
    if (mine !== current) return;
    shown = "";
    showTrouble(error);
  }
}

// Something has changed somewhere: look whether it is this asset, but not too often.
export function news(_status, seen) {
  if (!seen || timer || !asset) return;
  timer = setTimeout(() => {
    timer = 0;
    refresh();
  }, AGAIN_MS);
}

export function enter([workspace, id]) {
  if (asset && asset.workspace === workspace && asset.id === id && shown) {
    refresh();
    return;
  }
  asset = { workspace, id, files: [] };
  shown = "";
  view.dataset.playing = "";
  view.replaceChildren(el("p", { class: "soft" }, "Loading …"));
  refresh();
}

export function leave() {
  clearTimeout(timer);
  timer = 0;
  current++;
  shown = "";
  view.replaceChildren();
}
