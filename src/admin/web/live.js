// The agent's status as it changes (server-sent events). One connection for the page; it
// is made anew when it breaks, and given up while the page is not seen.
import { session } from "./api.js";

const AGAIN_MS = 3000;
const listeners = [];
let source = null, timer = 0;
export let status = null;

export function onStatus(listener) {
  listeners.push(listener);
}

function tell(trouble) {
  for (const listener of listeners) listener(status, trouble);
}

function close() {
  source?.close();
  source = null;
  clearTimeout(timer);
}

// Whether the agent is away or has logged us out: asking tells, and goes to the login.
async function again() {
  close();
  tell("The agent does not answer. Trying again …");
  timer = setTimeout(async () => {
    try {
      await session();
      open();
    } catch (error) {
      if (error.status !== 401) again();
    }
  }, AGAIN_MS);
}

function open() {
  close();
  source = new EventSource("/api/v1/events");
  source.addEventListener("status", (event) => {
    status = JSON.parse(event.data);
    tell(null);
  });
  source.addEventListener("trouble", (event) => tell(JSON.parse(event.data).error));
  source.addEventListener("error", again);
}

export function start() {
  open();
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
}
