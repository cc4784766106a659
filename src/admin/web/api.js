// Talking to the agent. Whatever changes something names the token that only a page of
// this agent can know.
let token = "";

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function answer(response) {
  let json = {};
  try {
    json = await response.json();
  } catch {
    // An answer that is no JSON has its status to tell.
  }
  if (response.status === 401) {
    location.assign("/login");
    throw new ApiError(401, "you are logged out");
  }
  if (!response.ok) throw new ApiError(response.status, json.error || `the agent answered ${response.status}`);
  return json;
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, credentials: "same-origin",
      headers: { Accept: "application/json", "X-Vodkeep-Token": token, ...options.headers } });
  } catch {
    throw new ApiError(0, "the agent does not answer: is it running, and can this machine reach it?");
  }
  return answer(response);
}

export const get = (path, signal) => request(path, { signal });

export async function session() {
  const known = await get("/api/v1/session");
  token = known.token;
  return known;
}

// After a restart of the agent the token is another one: learn it, and try once more.
export async function post(path, body) {
  const send = () => request(path, { method: "POST", body: JSON.stringify(body || {}),
    headers: { "Content-Type": "application/json" } });
  try {
    return await send();
  } catch (error) {
    if (error.status !== 403) throw error;
    await session();
    return send();
  }
}

const name = (asset) => [asset.workspace, asset.id].map(encodeURIComponent).join("/");
export const assetPath = (asset) => `/api/v1/assets/${name(asset)}`;
export const assetLink = (asset) => `#/asset/${name(asset)}`;
export const contentPath = (asset, key, download) =>
  `${assetPath(asset)}/content?key=${encodeURIComponent(key)}${download ? "&download=yes" : ""}`;
// By its name, as the playlists of a package call each other.
export const namedPath = (asset, path) => `${assetPath(asset)}/files/${encodeURIComponent(path.split("/").pop())}`;
