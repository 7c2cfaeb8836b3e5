// Time and beginning anew: two buttons in the guide, and the demo's own date.

import { act, complain, tell } from "./api.js";
import { button, element, now } from "./dom.js";

const DATE = new Intl.DateTimeFormat("fa-IR", { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: "Asia/Tehran" });
const SECONDS = 60;
const SILENT = "سامانه هنوز پاسخ نداده است؛ کمی بعد صفحه را تازه کنید.";

const date = element("p", { className: "soft", id: "demo-date" });
const showDate = () => { date.textContent = `ساعت سامانه: ${DATE.format(now() * 1000)}`; };

// The bot stops and starts meanwhile: longer than other actions.
async function run(made, path, body, words) {
  for (const one of both) one.disabled = true;
  made.setAttribute("aria-busy", "true");
  tell(words);
  try {
    await act(path, body, SILENT, SECONDS);
  } catch (error) {
    complain(error);
  } finally {
    for (const one of both) one.disabled = false;
    made.removeAttribute("aria-busy");
  }
}

const skip = button({ id: "skip", textContent: "⏩ سه روز بعد", onclick: () => run(skip, "/emulators/skip", { days: 3 }, "سامانه با زمان تازه راه می‌افتد…") });
const reset = button({
  id: "reset", textContent: "↺ شروع دوباره از آغاز",
  onclick: () => { if (confirm("همه چیز به آغاز نسخه نمایشی بازمی‌گردد. ادامه می‌دهید؟")) run(reset, "/emulators/reset", {}, "همه چیز به آغاز بازمی‌گردد…"); },
});
const both = [skip, reset];

document.getElementById("guide").append(
  element("h3", { textContent: "زمان و شروع دوباره" }),
  element("p", { className: "soft", textContent: "پس از گذشتن سه روز، یادآوری‌ها، خلاصه روزانه کارشناسان و سن پرونده‌ها را ببینید." }),
  element("div", { className: "shortcuts" }, skip, reset),
  date,
);
// After main.js has set the clock by the same event.
document.addEventListener("demo", ({ detail }) => {
  if (detail.kind === "clock") tell("زمان سامانه جلو رفت.");
  if (detail.kind === "clock" || detail.kind === "read") queueMicrotask(showDate);
});
setInterval(showDate, 20_000);
showDate();
