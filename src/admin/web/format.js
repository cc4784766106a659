// Figures and times as people read them. Times are local, with their zone.
const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "unknown";
  let i = 0;
  for (; bytes >= 1024 && i < units.length - 1; i++) bytes /= 1024;
  return `${i && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[i]}`;
}

export const count = (n) => Number(n).toLocaleString();
export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

const full = new Intl.DateTimeFormat(undefined,
  { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
const brief = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });

export const when = (time) => (time ? full.format(new Date(time)) : "never");
export const day = (time) => (time ? brief.format(new Date(time)) : "");

const steps = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [86400 * 60, "day", 86400], [Infinity, "month", 86400 * 30]];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

// "5 minutes ago"
export function ago(time) {
  if (!time) return "never";
  const seconds = (new Date(time) - Date.now()) / 1000;
  const [, unit, length] = steps.find(([limit]) => Math.abs(seconds) < limit);
  return relative.format(Math.round(seconds / length), unit);
}

export function left(seconds) {
  if (seconds === null || seconds === undefined) return "time left unknown";
  if (seconds < 90) return `${seconds} s left`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min left`;
  return `${(seconds / 3600).toFixed(1)} h left`;
}

// "1:02:03"
export function length(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.round(seconds), pad = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}
