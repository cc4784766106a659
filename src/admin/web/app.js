"use strict";
// The page shows what the API says and changes nothing. Titles come from strangers:
// text goes in by textContent only, without what would turn its direction.
const $ = (id) => document.getElementById(id);
const clean = (text) => String(text).replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

function make(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = clean(text);
  if (className) node.className = className;
  return node;
}

function size(bytes) {
  if (bytes === null || bytes === undefined) return "unknown";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let i = 0;
  for (; bytes >= 1024 && i < units.length - 1; i++) bytes /= 1024;
  return `${i ? bytes.toFixed(1) : bytes} ${units[i]}`;
}

function when(time) {
  return time ? new Date(time).toLocaleString() : "never";
}

function span(seconds) {
  if (seconds < 90) return `${seconds} s left`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min left`;
  return `${(seconds / 3600).toFixed(1)} h left`;
}

function left(progress) {
  if (progress.total && progress.bytes >= progress.total) return "checking";
  return progress.eta_seconds === null ? "time left unknown" : span(progress.eta_seconds);
}

// All files in flight in one line.
function together(sum) {
  const amount = sum.total === null ? `${size(sum.bytes)} so far` : `${size(sum.bytes)} of ${size(sum.total)}`;
  return [`${sum.files} ${sum.files === 1 ? "file" : "files"}`, amount, `${size(sum.rate)}/s`, left(sum),
    sum.waiting ? `${sum.waiting} more to come` : ""].filter(Boolean).join(" · ");
}

// Rows are rebuilt only when what they show has changed: focus and selection survive.
function fill(list, items, row) {
  const key = JSON.stringify(items);
  if (list.dataset.key === key) return;
  const focused = list.contains(document.activeElement) && document.activeElement.dataset.asset;
  list.dataset.key = key;
  list.replaceChildren(...items.map(row));
  if (focused) list.querySelector(`[data-asset="${CSS.escape(focused)}"]`)?.focus();
}

function assetRow(asset) {
  const item = make("li"), button = make("button");
  button.dataset.asset = `${asset.workspace}/${asset.id}`;
  button.append(make("strong", asset.title || asset.id), make("span", asset.state, asset.state));
  const detail = asset.reason || [when(asset.archived || asset.first_seen),
    asset.bytes ? size(asset.bytes) : "", asset.path || ""].filter(Boolean).join(" · ");
  button.append(make("span", `${asset.workspace} · ${detail}`, "soft wide"));
  button.addEventListener("click", () => showStory(asset.workspace, asset.id, asset.title));
  item.append(button);
  return item;
}

function transferRow(transfer) {
  const item = make("li"), row = make("div", null, "row"), bar = make("progress");
  const done = transfer.total ? `${Math.floor(100 * transfer.bytes / transfer.total)} %` : "";
  row.append(make("strong", transfer.title || `${transfer.workspace}/${transfer.id}`), make("span", done));
  bar.classList.add("wide");
  bar.setAttribute("aria-label", `${transfer.key} of ${transfer.id}`);
  if (transfer.total) { bar.max = transfer.total; bar.value = transfer.bytes; }
  row.append(bar, make("span", [transfer.key, `${size(transfer.bytes)} of ${size(transfer.total)}`,
    `${size(transfer.rate)}/s`, left(transfer)].filter(Boolean).join(" · "), "soft wide"));
  item.append(row);
  return item;
}

function workspaceCard(workspace) {
  const item = make("li");
  item.append(make("strong", workspace.name), make("span", ` ${workspace.platform}`, "soft"));
  if (workspace.paused) item.append(make("span", " paused", "paused"));
  for (const line of [`${workspace.assets.archived} archived, ${size(workspace.bytes)}`,
    `last delivery: ${when(workspace.last_delivery)}`,
    `reconciled: ${when(workspace.last_reconcile)}`,
    `${workspace.lost} deliveries lost and repaired` + (workspace.lost ? `, the oldest of ${when(workspace.lost_oldest)}` : ""),
    `${workspace.duplicates} duplicate, ${workspace.rejected} rejected, ${workspace.foreign} foreign`])
    item.append(make("div", line, "soft"));
  return item;
}

function stateTile([state, count]) {
  const item = make("li");
  item.append(make("b", count, state), make("span", state));
  return item;
}

function showStatus(status) {
  const archive = status.archive;
  $("pulse").className = "";
  $("pulse").textContent = `${status.paused ? "paused · " : ""}${size(archive.bytes)} archived · ` +
    `${size(archive.free)} free · version ${status.version}`;
  $("warnings").hidden = status.warnings.length === 0;
  fill($("warnings"), status.warnings, (warning) =>
    make("p", `${warning.text} (since ${when(warning.since)})`));
  const states = Object.entries(status.assets);
  fill($("states"), states.filter(([state, count]) => count > 0 || state === "archived"), stateTile);
  for (const [id, items, row] of [["transfers", status.transfers, transferRow],
    ["attention", status.attention, assetRow]]) {
    $(id).hidden = items.length === 0;
    fill($(id).querySelector("ul"), items, row);
  }
  $("in-flight").textContent = together(status.in_flight);
  fill($("workspaces"), status.workspaces, workspaceCard);
}

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error);
  return json;
}

async function showStory(workspace, id, title) {
  $("story-title").textContent = clean(title || `${workspace}/${id}`);
  $("story-lines").replaceChildren();
  $("story-next").textContent = "…";
  if (!$("story").open) $("story").showModal();
  try {
    const path = [workspace, id].map(encodeURIComponent).join("/");
    const story = await get(`/api/v1/assets/${path}/story`);
    $("story-lines").replaceChildren(...story.story.map((line) => {
      const item = make("li");
      item.append(make("span", `${when(line.at)} · ${line.kind} `, "soft"), make("span", line.text));
      return item;
    }));
    $("story-next").textContent = story.next;
  } catch (error) {
    $("story-next").textContent = error.message;
  }
}

async function poll() {
  try {
    showStatus(await get("/api/v1/status"));
    fill($("assets"), (await get("/api/v1/assets?limit=50")).assets, assetRow);
  } catch (error) {
    $("pulse").className = "lost";
    $("pulse").textContent = `The agent does not answer: ${error.message}`;
  }
  setTimeout(poll, document.hidden ? 15000 : 2000);
}
poll();
