// The first view: what is wrong, what is going on, and how each workspace is.
import { get, post, assetLink } from "./api.js";
import { $, el, fill, nothing, badge, ask, action, toast } from "./dom.js";
import { ago, count, left, plural, size, when } from "./format.js";
import { card } from "./archive.js";

const RECENT = 12;
const PLATFORMS = { fastpix: "FastPix", optiview: "OptiView" };
let archivedBefore = null;

function figure(name, value, detail, className) {
  return el("div", { class: className }, el("dt", null, name), el("dd", null, el("b", null, value), el("span", null, detail)));
}

function showFigures(status) {
  const { assets, archive } = status;
  const busy = assets.announced + assets.queued + assets.fetching + assets.downloading + assets.waiting;
  const lost = status.workspaces.reduce((sum, workspace) => sum + workspace.lost, 0);
  const stuck = assets.failed + assets["deletion-held"];
  const share = archive.total ? `${Math.round(100 * archive.free / archive.total)} % of the disk` : "";
  const figures = [
    ["Archived", count(assets.archived), size(archive.bytes), ""],
    ["To be done", count(busy), status.paused ? "paused" : plural(status.in_flight.files, "file now", "files now"), ""],
    ["Waiting for you", count(stuck), `${count(assets.failed)} failed, ${count(assets["deletion-held"])} deletions`, stuck ? "bad" : ""],
    ["Lost webhooks", count(lost), lost ? "found by reconciling" : "none is known of", lost ? "warn" : ""],
    ["Free space", archive.free === null ? "unknown" : size(archive.free), share, ""],
  ];
  fill($("figures"), figures, ([name]) => name, (item) => figure(...item));
}

function warningRow(warning) {
  return el("div", { class: "warning" },
    el("p", null, warning.workspace && el("strong", null, `${warning.workspace}: `), warning.text),
    el("p", { class: "soft" }, "since ", el("time", { datetime: warning.since, title: when(warning.since) }, when(warning.since))));
}

function stateChip([state, n]) {
  return el("li", null, el("a", { class: `chip ${state}`, href: `#/archive?state=${state}` },
    el("b", null, count(n)), ` ${state.replaceAll("-", " ")}`));
}

function progressText(transfer) {
  const amount = transfer.total === null ? size(transfer.bytes) : `${size(transfer.bytes)} of ${size(transfer.total)}`;
  const rest = transfer.total && transfer.bytes >= transfer.total ? "checking" : left(transfer.eta_seconds);
  return [transfer.key, amount, `${size(transfer.rate)}/s`, rest].join(" · ");
}

// A row is kept while its bytes grow: only its texts and the bar change.
function transferRow(transfer, row) {
  if (!row) {
    row = el("li", null, el("div", { class: "row" },
      el("a", { href: assetLink(transfer) }, transfer.title || transfer.id), el("span", { class: "percent" }),
      el("progress", { "aria-label": `${transfer.key} of ${transfer.title || transfer.id}` }),
      el("span", { class: "soft wide detail" })));
  }
  const bar = row.querySelector("progress"), percent = row.querySelector(".percent");
  if (transfer.total) {
    bar.max = transfer.total;
    bar.value = transfer.bytes;
  }
  percent.textContent = transfer.total ? `${Math.floor(100 * transfer.bytes / transfer.total)} %` : "";
  row.querySelector(".detail").textContent = progressText(transfer);
  return row;
}

function showTransfers(status) {
  const sum = status.in_flight;
  $("in-flight").textContent = sum.files
    ? [plural(sum.files, "file", "files"), `${size(sum.rate)}/s`, left(sum.eta_seconds),
      sum.waiting ? `${count(sum.waiting)} more to come` : ""].filter(Boolean).join(" · ") : "";
  if (status.transfers.length)
    fill($("transfers"), status.transfers, (t) => `${t.workspace}/${t.id}/${t.key}`, transferRow);
  else
    nothing($("transfers"), status.paused ? "Downloading is paused." : "Nothing is being downloaded right now.");
}

async function confirmDeletions(workspace) {
  if (!await ask("Let the held deletions go ahead?",
    `More media of ${workspace} was deleted at the platform within an hour than max_delete allows. Each deletion is confirmed with the platform once more; then the local copies go as their rules say. This also resumes downloading if it was paused.`,
    "Delete them")) return;
  const answer = await post("/api/v1/resume", { workspace });
  toast(`${plural(answer.confirmed, "deletion goes", "deletions go")} ahead.`);
}

function attentionRow(asset) {
  const name = asset.title || asset.id;
  const help = asset.state === "deletion-held"
    ? action("Confirm deletions", () => confirmDeletions(asset.workspace), { class: "small danger", "aria-label": `Confirm deletions of ${asset.workspace}` })
    : action("Retry", async () => {
      await post(`/api/v1/assets/${encodeURIComponent(asset.workspace)}/${encodeURIComponent(asset.id)}/retry`);
      toast(`${name} is tried again.`);
    }, { class: "small", "aria-label": `Retry ${name}` });
  return el("li", null, el("div", { class: "row" },
    el("span", null, el("a", { href: assetLink(asset) }, name), " ", badge(asset.state)), help,
    el("span", { class: "soft wide" }, `${asset.workspace} · ${asset.reason}`)));
}

function health(workspace, warnings) {
  if (workspace.paused) return ["paused", "paused"];
  if (warnings.length) return ["bad", plural(warnings.length, "warning", "warnings")];
  if (workspace.damaged) return ["bad", plural(workspace.damaged, "damaged file", "damaged files")];
  if (workspace.lost) return ["warn", "webhooks were lost"];
  return ["good", "healthy"];
}

function fact(name, value, title) {
  return el("div", null, el("dt", null, name), el("dd", { title }, value));
}

function workspaceCard({ workspace, warnings }) {
  const [kind, text] = health(workspace, warnings), held = workspace.assets["deletion-held"];
  const turn = workspace.paused ? "resume" : "pause";
  return el("li", null,
    el("h3", null, workspace.name, " ", el("span", { class: "soft" }, PLATFORMS[workspace.platform] || workspace.platform), el("span", { class: `health ${kind}` }, text)),
    el("dl", { class: "facts" },
      fact("Archived", `${count(workspace.assets.archived)}, ${size(workspace.bytes)}`),
      fact("Last webhook", ago(workspace.last_delivery), when(workspace.last_delivery)),
      fact("Reconciled", ago(workspace.last_reconcile), when(workspace.last_reconcile)),
      fact("Lost webhooks", workspace.lost ? `${count(workspace.lost)}, the first ${ago(workspace.lost_oldest)}` : "none", workspace.lost_oldest && when(workspace.lost_oldest)),
      fact("Twice, unusable, foreign", `${count(workspace.duplicates)}, ${count(workspace.rejected)}, ${count(workspace.foreign)}`)),
    el("div", { class: "buttons" },
      action(workspace.paused ? "Resume" : "Pause", async () => {
        if (workspace.paused && held) return confirmDeletions(workspace.name);
        await post(`/api/v1/${turn}`, { workspace: workspace.name });
        toast(`${workspace.name}: downloading is ${workspace.paused ? "resumed" : "paused"}.`);
      }, { class: "small", "aria-label": `${workspace.paused ? "Resume" : "Pause"} ${workspace.name}` }),
      action("Reconcile now", async () => {
        await post("/api/v1/reconcile", { workspace: workspace.name });
        toast(`${workspace.name} is compared with its platform.`);
      }, { class: "small", "aria-label": `Reconcile now: ${workspace.name}` })));
}

async function loadRecent() {
  try {
    const { assets } = await get(`/api/v1/assets?limit=${RECENT}`);
    if (assets.length) fill($("recent"), assets, (asset) => asset.row, card);
    else nothing($("recent"), "No media is known yet. Point the platform's webhook at this agent, or fetch media by its id from the ",
      el("a", { href: "#/archive" }, "archive"), ".");
  } catch (error) {
    nothing($("recent"), error.message);
  }
}

export function news(status, seen) {
  $("warnings").hidden = status.warnings.length === 0;
  fill($("warnings"), status.warnings, (warning) => warning.key, warningRow);
  showFigures(status);
  const states = Object.entries(status.assets).filter(([state, n]) => n > 0 || state === "archived");
  fill($("states"), states, ([state]) => state, stateChip);
  showTransfers(status);
  $("attention-section").hidden = status.attention.length === 0;
  $("retry-failed").hidden = status.assets.failed === 0;
  fill($("attention"), status.attention, (asset) => `${asset.workspace}/${asset.id}`, attentionRow);
  fill($("workspaces"), status.workspaces.map((workspace) => ({ workspace,
    warnings: status.warnings.filter((warning) => warning.workspace === workspace.name).map((warning) => warning.key) })),
  ({ workspace }) => workspace.name, workspaceCard);
  $("pause-all").hidden = false;
  $("pause-all").textContent = status.paused ? "Resume all" : "Pause all";
  $("pause-all").dataset.turn = status.paused ? "resume" : "pause";
  const key = JSON.stringify(status.assets);
  if (seen && key !== archivedBefore) {
    archivedBefore = key;
    loadRecent();
  }
}

export function enter() {
  archivedBefore = null;
  loadRecent();
}

async function pressed(path, body, said) {
  try {
    toast(said(await post(path, body)));
  } catch (error) {
    toast(error.message, true);
  }
}

$("retry-failed").addEventListener("click", () => pressed("/api/v1/retry-failed", {},
  (answer) => `${plural(answer.count, "asset is", "assets are")} tried again.`));
$("pause-all").addEventListener("click", async () => {
  const turn = $("pause-all").dataset.turn;
  if (turn === "resume" && !await ask("Resume all?", "Downloading goes on everywhere. Deletions that are held for a person go ahead too.", "Resume all")) return;
  pressed(`/api/v1/${turn}`, {}, () => (turn === "pause" ? "Downloading is paused; webhooks are still accepted." : "Downloading goes on."));
});
