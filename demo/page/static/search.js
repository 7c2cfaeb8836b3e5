// Search in the chat of a phone: the newest hit first, then from hit to hit.

import { complain, look } from "./api.js";
import { button, element, persian } from "./dom.js";

const PAUSE = 250;

export function openSearch(phone) {
  const open = phone.find(".search");
  if (open) return open.querySelector("input").focus();
  let hits = [];
  let at = 0;
  let asked = 0;
  let timer;

  const box = element("input", { type: "search", maxLength: 100, placeholder: "جست‌وجو", ariaLabel: "جست‌وجو در گفت‌وگو", dir: "auto" });
  const count = element("span", { className: "soft", role: "status" });
  const icon = (sign, label, run) => button({ className: "icon", textContent: sign, ariaLabel: label, title: label, onclick: run });
  const older = icon("↑", "یافته پیشین", () => go(at - 1));
  const newer = icon("↓", "یافته بعدی", () => go(at + 1));
  const bar = element("form", { className: "search", role: "search", "aria-label": "جست‌وجو در گفت‌وگو" }, box, count, older, newer, icon("✕", "بستن جست‌وجو", close));

  function unmark() {
    for (const node of phone.node.querySelectorAll(".found")) node.classList.remove("found");
  }

  function show() {
    count.textContent = hits.length ? `${persian(at + 1)} از ${persian(hits.length)}` : box.value.trim() ? "یافت نشد" : "";
    older.disabled = at <= 0;
    newer.disabled = at >= hits.length - 1;
  }

  async function go(to) {
    at = Math.max(0, Math.min(to, hits.length - 1));
    const held = document.activeElement;
    show();
    // A disabled button loses the focus.
    if (held?.disabled) box.focus();
    unmark();
    if (!hits.length) return;
    const id = hits[at];
    const node = await phone.chat.reach(id).catch(complain);
    if (hits[at] === id && bar.isConnected) node?.classList.add("found");
  }

  async function ask() {
    clearTimeout(timer);
    asked += 1;
    const mine = asked;
    const words = box.value.trim();
    const found = words ? await look(`${phone.path}/search?q=${encodeURIComponent(words)}`).catch(complain) : { hits: [] };
    // Another was asked for meanwhile.
    if (!found || mine !== asked) return;
    hits = found.hits;
    box.searched = words;
    await go(hits.length - 1);
  }

  function close() {
    asked += 1;
    clearTimeout(timer);
    unmark();
    bar.remove();
    phone.find(".menu").focus();
  }

  box.oninput = () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); };
  bar.onsubmit = (event) => {
    event.preventDefault();
    if (box.value.trim() === box.searched) go(at - 1);
    else ask();
  };
  bar.onkeydown = (event) => {
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); }
    if (event.target === box && event.key === "ArrowUp") { event.preventDefault(); go(at - 1); }
    if (event.target === box && event.key === "ArrowDown") { event.preventDefault(); go(at + 1); }
  };
  phone.find("header").after(bar);
  show();
  box.focus();
}
