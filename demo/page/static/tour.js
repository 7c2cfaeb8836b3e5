// The tour: ten steps from registration to the card with its QR code, in Persian and English. Each step names a phone and
// points at the button to tap next; it is done once the bot said what it leads to, whoever made it say so.

import { act, complain, look } from "./api.js";
import { button, element, persian, remember, remembered } from "./dom.js";
import { nextFrame } from "./frames.js";
import { openTranscript } from "./gloss.js";
import { ready, showPhone } from "./main.js";

const SAMPLE = /^[✨📎] /u;
const NAME = "کریمی‌نژاد";

// who: whose phone; press: labels in the order of preference; said: [who, words] that end the step; type: what the panel
// offers to write.
const STEPS = [
  { who: "officer", press: ["شروع"], said: ["officer", "خوش آمدید"],
    fa: ["شروع", "در گوشی سارا «شروع» را بزنید."],
    en: ["Start", "On Sara's phone (she is a technical officer) tap the highlighted button, «شروع» (start)."] },
  { who: "officer", press: ["📝 ثبت‌نام", "کارشناسی", "مهندسی پزشکی", "📱 ارسال شماره همراه", "✅ تأیید", SAMPLE], said: ["officer", "رمز عبور: "],
    fa: ["ثبت‌نام", "ثبت‌نام کنید. دکمه ✨ پاسخ نمونه را می‌فرستد."],
    en: ["Register", "Register her: seven questions. Buttons with ✨ answer for you. At the end she gets a user code and a password."] },
  { who: "officer", press: ["ثبت درخواست", "زن", "برابر با کد ملی", "تلفن ثابت ندارم", SAMPLE, "🎓 احراز صلاحیت"], said: ["officer", "📎 «"],
    fa: ["فرم درخواست", "درخواست احراز صلاحیت را پر کنید."],
    en: ["The form", "File her qualification request. Every answer is kept: she may go on later, on the other messenger too."] },
  { who: "officer", press: [SAMPLE, "هیچ‌کدام را ندارم"], said: ["officer", "اطلاعات را مرور کنید. برای ویرایش هر بخش"],
    fa: ["مدارک", "مدارک نمونه را با دکمه 📎 بفرستید."],
    en: ["Documents", "Send the sample documents with 📎. Each is checked, cleaned and encrypted before the next question."] },
  { who: "officer", press: ["بله، ثبت نهایی", "📤 ثبت نهایی"], said: ["officer", "کد رهگیری"],
    fa: ["ثبت نهایی", "درخواست را به دانشگاه بفرستید."],
    en: ["Submit", "Submit. The request is routed to the university of her province, and gets a tracking code."] },
  { who: "expert", press: [/^🔑 ورود به‌عنوان/], said: ["expert", "کارتابل"],
    fa: ["ورود کارشناس", "در گوشی کارشناس شیراز با یک لمس وارد شوید."],
    en: ["Be the expert", "Log in as the university's expert with one tap. The worklist holds the files of the demo's past."] },
  { who: "expert", press: ["📌 برداشتن پرونده"], said: ["expert", /در حال بررسی[^]*متقاضی: سارا کریمی‌نژاد/], type: NAME,
    fa: ["برداشتن پرونده", `پرونده را با نوشتن «${NAME}» بیابید و بردارید.`],
    en: ["Claim the file", "Write her last name anywhere in the chat to find her file, then claim it: all documents come at once."] },
  { who: "expert", press: ["بله، تأیید می‌کنم", "✅ تأیید"], said: ["officer", "هزینه بررسی به مبلغ"],
    fa: ["تأیید", "پرونده را تأیید کنید. تصمیم تا چند ثانیه قابل لغو است؛ سپس سارا خبر می‌شود."],
    en: ["Approve", "Approve the file. A decision may be undone for some seconds (minutes in real life); then Sara is told the fee."] },
  { who: "officer", press: [/^💳 /], said: ["officer", "احراز صلاحیت شما نهایی شد"],
    fa: ["پرداخت", "دکمه پرداخت، صفحه بانک نمایشی را باز می‌کند؛ بپردازید و به این صفحه بازگردید."],
    en: ["Pay", "The button opens the pay page, and that the demo's bank. Pay there (the green button), then come back to this page."] },
  { who: "officer", press: ["🖼 دریافت کارت", "🪪 کارت مسئول فنی", "🎓 احراز صلاحیت", "🏠 منوی اصلی"], said: ["officer", "🪪 کارت مسئول فنی شما"], type: "/menu",
    fa: ["کارت با کد QR", "کارت مسئول فنی را بگیرید؛ کد روی آن را هر گوشی می‌خواند."],
    en: ["The card", "Get her officer's card. Anybody may scan its QR code and sees whether she is qualified at that moment."] },
];
const WORDS = {
  fa: { open: "🧭 تور", close: "بستن تور", list: "گام‌ها", language: "English", transcript: "متن گفت‌وگو", write: (text) => `✍️ «${text}» را برایم بنویس`, end: "تور تمام شد. آزادانه بگردید: اداره کل، شرکت، قطع اینترنت، سه روز بعد…", done: "انجام شد" },
  en: { open: "🧭 Tour", close: "Close the tour", list: "Steps", language: "فارسی", transcript: "Transcript in English", write: (text) => `✍️ Write “${text}” for me`, end: "That was the tour. Wander: the directorate, a company, outages, three days later…", done: "done" },
};

let language = remembered(localStorage, "tour-language", navigator.language.startsWith("fa") ? "fa" : "en");
let open = false;
let shown = -1;
const people = {};
const said = { officer: new Set(), expert: new Set() };

const text = element("p", { className: "tour-text", role: "status" });
const count = element("strong", { className: "tour-count" });
const write = button({ className: "tour-write" });
const list = element("ol", { className: "tour-steps", hidden: true });
const toggle = button({ "aria-expanded": "false", onclick: () => { list.hidden = !list.hidden; toggle.setAttribute("aria-expanded", !list.hidden); } });
const switcher = button({ onclick: () => { language = language === "fa" ? "en" : "fa"; remember(localStorage, "tour-language", language); shown = -1; draw(); } });
const transcript = button({ onclick: () => openTranscript(current() ? people[current().who] : people.officer) });
const leave = button({ onclick: () => set(false) });
const panel = element("section", { id: "tour", className: "tour", hidden: true },
  element("div", { className: "tour-line" }, count, text, write, element("div", { className: "tour-buttons" }, toggle, transcript, switcher, leave)), list);
document.getElementById("troubles").before(panel);
const opener = button({ id: "tour-open", className: "tool", onclick: () => set(!open) });
document.querySelector(".tools").prepend(opener);

const isDone = ({ said: [who, words] }) => [...said[who]].some((line) => (words instanceof RegExp ? words.test(line) : line.includes(words)));
// Later steps prove earlier ones: a chat may have lost what was said first.
const doneUpTo = () => STEPS.reduce((last, step, at) => (isDone(step) ? at + 1 : last), 0);
const current = () => STEPS[doneUpTo()];

function draw() {
  const words = WORDS[language];
  opener.textContent = words.open;
  opener.setAttribute("aria-pressed", open);
  if (!open) return;
  const at = doneUpTo();
  const step = STEPS[at];
  panel.lang = language;
  panel.dir = language === "fa" ? "rtl" : "ltr";
  panel.setAttribute("aria-label", words.open.slice(3));
  const figures = (one) => (language === "fa" ? persian(one) : String(one));
  count.textContent = step ? `${figures(at + 1)} / ${figures(STEPS.length)}` : "✓";
  const line = step ? `${step[language][0]}: ${step[language][1]}` : words.end;
  if (text.textContent !== line) text.textContent = line;
  toggle.textContent = words.list;
  switcher.textContent = words.language;
  switcher.lang = language === "fa" ? "en" : "fa";
  transcript.textContent = words.transcript;
  leave.textContent = "✕";
  leave.ariaLabel = words.close;
  if (shown === at) return;
  const moved = shown >= 0;
  shown = at;
  list.replaceChildren(...STEPS.map((one, place) => element("li", { className: place < at ? "done" : place === at ? "now" : "" },
    one[language][0], ...(place < at ? [element("span", { className: "spoken", textContent: ` (${words.done})` })] : []))));
  write.hidden = !step?.type;
  if (step?.type) {
    write.textContent = words.write(step.type);
    write.onclick = () => act(`/emulators/people/${people[step.who]}/send`, { text: step.type }).catch(complain);
  }
  if (step && (moved || !document.querySelector(`[data-phone="${people[step.who]}"]`))) showPhone(people[step.who]).catch(complain);
}

// ── the button to tap next ──

const visible = (node) => node && node.getClientRects().length > 0;
const labelOf = (node) => node.textContent.trim();

function target(step) {
  const phone = document.querySelector(`[data-phone="${people[step.who]}"]`);
  if (!visible(phone)) return document.querySelector(`#people [data-for="${people[step.who]}"]`);
  const messages = [...phone.querySelectorAll(".message:not(.mine)")].slice(-4).reverse();
  const around = [...phone.querySelectorAll(".suggestions button, .keyboard button")];
  const groups = messages.map((one) => [...one.querySelectorAll(".rows button, .rows a")]);
  for (const group of [[...(groups[0] ?? []), ...around], ...groups.slice(1)]) {
    for (const wanted of step.press) {
      const found = group.find((one) => visible(one) && (wanted instanceof RegExp ? wanted.test(labelOf(one)) : labelOf(one) === wanted));
      if (found) return found;
    }
  }
  return step.type ? write : null;
}

function point() {
  const step = open ? current() : null;
  const wanted = step ? target(step) : null;
  const phone = step ? document.querySelector(`[data-phone="${people[step.who]}"]`) : null;
  for (const old of document.querySelectorAll(".tour-target")) if (old !== wanted) old.classList.remove("tour-target");
  for (const old of document.querySelectorAll(".tour-phone")) if (old !== phone) old.classList.remove("tour-phone");
  if (wanted && !wanted.classList.contains("tour-target")) wanted.classList.add("tour-target");
  if (phone && !phone.classList.contains("tour-phone")) phone.classList.add("tour-phone");
  return false;
}
const soon = () => { if (open) nextFrame(job); };
const job = () => { draw(); return point(); };
new MutationObserver(soon).observe(document.getElementById("phones"), { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "class"] });

// ── what the bot has said ──

const whose = (id) => Object.keys(people).find((who) => people[who] === id);

document.addEventListener("demo", ({ detail }) => {
  // After a lost connection: what the bot said meanwhile.
  if (detail.kind === "read" && open) begin().then(soon, complain);
  if (detail.kind === "read" && !open && remembered(sessionStorage, "tour", false)) set(true);
  const who = detail.person && whose(detail.person.id);
  if (!who || !detail.message?.from_bot) return;
  said[who].add(detail.message.text || "");
  soon();
});

async function begin() {
  const { people: known } = await look("/emulators?phones=");
  people.officer ??= known.find((one) => one.role === "مسئول فنی" && one.messenger === "telegram")?.id;
  people.expert ??= known.find((one) => one.role === "کارشناس شیراز")?.id;
  for (const who of Object.keys(said)) {
    const { messages } = await look(`/emulators/people/${people[who]}`);
    // Beside what is said while this was on its way.
    for (const one of messages) if (one.from_bot) said[who].add(one.text || "");
  }
}

async function set(wanted) {
  open = wanted;
  remember(sessionStorage, "tour", open);
  if (open) {
    shown = -1;
    opener.setAttribute("aria-pressed", true);
    await ready;
    await begin().catch((error) => { open = false; complain(error); });
  }
  panel.hidden = !open;
  draw();
  point();
}

draw();
ready.then(() => { if (remembered(sessionStorage, "tour", false) && !open) set(true); });
