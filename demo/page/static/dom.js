// Elements, Persian figures, times.

export function element(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("data-") || name.startsWith("aria-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

export const button = (props, ...children) => element("button", { type: "button", ...props }, ...children);

// Read aloud, not shown.
export const spoken = (text) => element("span", { className: "spoken", textContent: text });

export const persian = (text) => String(text).replace(/[0-9]/g, (digit) => "۰۱۲۳۴۵۶۷۸۹"[digit]);
export const latin = (text) => text.replace(/[۰-۹٠-٩]/g, (digit) => String(digit.charCodeAt(0) & 15));

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Tehran" });
const DAY = new Intl.DateTimeFormat("fa-IR", { weekday: "long", day: "numeric", month: "long", timeZone: "Asia/Tehran" });
const YEAR = new Intl.DateTimeFormat("fa-IR", { day: "numeric", month: "long", year: "numeric", timeZone: "Asia/Tehran" });
const KEY = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Tehran" });

export const clock = (seconds) => persian(TIME.format(seconds * 1000));
export const dayKey = (seconds) => KEY.format(seconds * 1000);

// The demo's clock may be ahead of this machine's.
let ahead = 0;
export function setNow(seconds) {
  ahead = seconds - Date.now() / 1000;
  for (const day of document.querySelectorAll(".day")) {
    const name = dayName(day.date);
    if (day.textContent !== name) day.firstChild.textContent = name;
  }
}

export const now = () => Date.now() / 1000 + ahead;

export function dayName(seconds) {
  const today = now();
  if (dayKey(seconds) === dayKey(today)) return "امروز";
  if (dayKey(seconds) === dayKey(today - 86400)) return "دیروز";
  return (today - seconds < 300 * 86400 ? DAY : YEAR).format(seconds * 1000);
}

export function size(bytes) {
  return bytes < 1024 * 1024 ? `${persian(Math.ceil(bytes / 1024))} کیلوبایت` : `${persian((bytes / 1048576).toFixed(1)).replace(".", "٫")} مگابایت`;
}

// Change what is in a node only where it differs, so that focus and screen readers are left alone.
export function refill(node, key, make) {
  const made = JSON.stringify(key);
  if (node.filledWith === made) return;
  node.filledWith = made;
  node.replaceChildren(...make());
}

// The browser may refuse storage (private window, full disk): then nothing is remembered.
export const remembered = (store, name, otherwise) => {
  try { return JSON.parse(store.getItem(name)) ?? otherwise; } catch { return otherwise; }
};
export const remember = (store, name, value) => {
  try { store.setItem(name, JSON.stringify(value)); } catch { /* not remembered */ }
};
