// Outages: the switches that make them, what waits meanwhile, and what the page says about it.

import { act, complain, look } from "./api.js";
import { element, persian, refill } from "./dom.js";

const NAME = { telegram: "تلگرام", bale: "بله" };
const out = { telegram: false, bale: false };
let runs = true;
let reached = true;
let changed = () => {};

const banners = document.getElementById("troubles");
const off = document.getElementById("off");
const panel = document.getElementById("queues");

// What a phone's header says; empty where all is well.
export function trouble(messenger) {
  if (!reached) return "در انتظار اتصال…";
  if (runs === false) return "سامانه خاموش است";
  if (out[messenger]) return `${NAME[messenger]} قطع است`;
  return "";
}

function show() {
  const sentences = [
    ...(reached ? [] : ["ارتباط این صفحه با نسخه نمایشی قطع است؛ خودش دوباره وصل می‌شود. نوشته‌هایتان می‌ماند."]),
    ...(runs === false ? ["برق سامانه قطع است: پیام‌ها با یک تیک در پیام‌رسان می‌مانند و پس از روشن شدن پاسخ می‌گیرند."] : []),
    ...Object.keys(out).filter((name) => out[name]).map((name) => `${NAME[name]} قطع است: پیام‌های آن در صف می‌مانند و پس از وصل شدن می‌رسند.`),
  ];
  refill(banners, sentences, () => sentences.map((words) => element("p", { textContent: words })));
  banners.hidden = !sentences.length;
  document.body.classList.toggle("off", runs === false);
  changed();
}

export function network(messenger, isOut) {
  out[messenger] = isOut;
  document.getElementById(`out-${messenger}`).checked = isOut;
  show();
}

export function power(on) {
  runs = on;
  document.getElementById("power").hidden = on === null;
  off.checked = on === false;
  show();
}

export function connection(isThere) {
  reached = isThere;
  show();
}

// ── what waits ──

const seconds = (value) => (value >= 1 ? `، قدیمی‌ترین ${persian(Math.round(value))} ثانیه` : "");
const CHANNEL = { chat: "گفت‌وگو", sms: "پیامک" };

function rows({ messengers, bot }) {
  const lines = Object.entries(messengers).map(([name, waiting]) => [`در صف ${NAME[name]} برای سامانه`, persian(waiting)]);
  if (!bot) return [...lines, ["سامانه", runs === false ? "خاموش است و پاسخ نمی‌دهد" : "آمار نمی‌دهد"]];
  const outbox = Object.entries(bot.outbox).map(([name, waiting]) => `${CHANNEL[name.toLowerCase()] ?? name} ${persian(waiting)}`).join("، ");
  const unsettled = Object.values(bot.payments).reduce((sum, one) => sum + one, 0);
  return [
    ...lines,
    ["ورودی: رسیده و ناتمام", persian(bot.inbox) + seconds(bot.inbox_oldest)],
    ["خروجی: در نوبت فرستادن", (outbox || persian(0)) + seconds(bot.outbox_oldest)],
    ["پرداخت‌های نامعلوم", persian(unsettled)],
    ...Object.entries(bot.last_poll).map(([name, ago]) => [`زمان‌سنج: آخرین پاسخ ${NAME[name]}`, `${persian(Math.round(ago))} ثانیه پیش`]),
    ...Object.entries(bot.rests).filter(([, left]) => left > 0).map(([name, left]) => [`زمان‌سنج: مکث به درخواست ${NAME[name]}`, `${persian(Math.ceil(left))} ثانیه مانده`]),
  ];
}

const LOOK_EVERY = 1000;
let watching = 0;

// Only while the panel is open: the bot counts its queues for each look.
export async function watchQueues(open) {
  watching += 1;
  const mine = watching;
  while (open && mine === watching) {
    const queues = document.hidden || !reached ? null : await look("/emulators/queues").catch(() => null);
    if (queues) {
      const lines = rows(queues);
      refill(panel, lines, () => lines.map(([name, value]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }))));
    }
    await new Promise((resolve) => { setTimeout(resolve, LOOK_EVERY); });
  }
}

export function wireTroubles(onChange) {
  changed = onChange;
  for (const messenger of Object.keys(out)) {
    const box = document.getElementById(`out-${messenger}`);
    box.onchange = () => act("/emulators/network", { messenger, out: box.checked }).catch((error) => { box.checked = !box.checked; complain(error); });
  }
  off.onchange = () => {
    off.disabled = true;
    act("/emulators/bot", { on: !off.checked }).then((body) => power(body.on), (error) => { off.checked = !off.checked; complain(error); })
      .finally(() => { off.disabled = false; off.focus(); });
  };
}
