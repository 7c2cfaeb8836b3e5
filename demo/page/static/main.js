// The page: which phones are on, what arrives where, the guide.
//
// Other modules: `showPhone(id)` turns a phone on and looks at it; every event of the server is a "demo" event of the
// document (`event.detail`), and so is that everything was read, at first and after a lost connection (`{kind: "read"}`).
// `ready` is a promise that the phones are there: a module may arrive after that.

import { ring, showCount } from "./alerts.js";
import { act, complain, copy, follow, look, pause, tell } from "./api.js";
import { button, clock, element, latin, persian, refill, remember, remembered, setNow } from "./dom.js";
import { nextFrame } from "./frames.js";
import { MESSENGER, Phone } from "./phone.js";
import { connection, network, power, trouble, watchQueues, wireTroubles } from "./trouble.js";

const SMS = "sms";
const DOT = { telegram: "#517da2", bale: "#0b8f7e", sms: "#5b5f66" };
const narrow = matchMedia("(max-width: 46rem)");
const chips = document.getElementById("people");
const table = document.getElementById("phones");

let emulators = { people: [], documents: [], sms: [] };
const phones = new Map();
const unread = new Map();
const on = new Set();
let current = null;
let begun = false;
let tellReady;
export const ready = new Promise((resolve) => { tellReady = resolve; });

// ── the SMS phone ──

const smsPhone = {
  node: element("section", { className: "phone sms", ariaLabel: "گوشی پیامک", "data-phone": SMS },
    element("header", {}, element("span", { className: "face", textContent: "✉️", ariaHidden: "true" }),
      element("div", { className: "who" }, element("h2", { textContent: "پیامک‌ها" }), element("p", { textContent: "همه پیامک‌های ارسال‌شده" })),
      button({ className: "icon close", ariaLabel: "بستن این گوشی", textContent: "✕", onclick: () => close(SMS) })),
    element("div", { className: "chat", role: "log", ariaLive: "polite", ariaLabel: "پیامک‌ها", tabIndex: 0 })),
  drawn: new Set(),
  // Only what is new is added.
  draw() {
    const chat = this.node.querySelector(".chat");
    const atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 60;
    if (!emulators.sms.length) return refill(chat, [], () => [element("p", { className: "empty", textContent: "هنوز پیامکی نیامده" })]);
    chat.querySelector(".empty")?.remove();
    for (const one of emulators.sms) {
      if (this.drawn.has(one.id)) continue;
      this.drawn.add(one.id);
      chat.append(element("div", { className: "message" }, element("div", { className: "bubble" },
        element("small", { className: "soft" }, "به ", element("bdi", { textContent: persian(one.to) })),
        element("p", { dir: "auto", textContent: one.text }),
        element("span", { className: "when" }, element("time", { textContent: clock(one.date) })))));
    }
    if (atEnd) chat.scrollTop = chat.scrollHeight;
  },
};

// ── which phones are on ──

const page = {
  get documents() { return emulators.documents; },
  phones: (messenger) => emulators.people.filter((one) => one.messenger === messenger),
  trouble,
  close: (id) => close(id),
  // A link of this phone was followed: the way back leads here.
  leave: (id) => remember(localStorage, `left:${id.split("-")[0]}`, id),
};

function phoneOf(id) {
  if (id === SMS) return smsPhone;
  if (!phones.has(id)) phones.set(id, new Phone(emulators.people.find((one) => one.id === id), page));
  return phones.get(id);
}

const order = () => [...emulators.people.map((one) => one.id), SMS];
const isSeen = (id) => on.has(id) && (!narrow.matches || id === current);

// All phones that are on, each where it belongs in the row; those that are there already stay.
function place() {
  const wanted = order().filter((id) => on.has(id)).map((id) => phoneOf(id).node);
  for (const node of [...table.children]) if (!wanted.includes(node)) node.remove();
  wanted.forEach((node, at) => { if (table.children[at] !== node) table.insertBefore(node, table.children[at] ?? null); });
  settle();
}

function settle() {
  for (const id of on) phoneOf(id).node.classList.toggle("current", id === current);
  drawChips();
  if (begun) remember(sessionStorage, "phones", { on: [...on], current });
}

export async function showPhone(id) {
  if (!order().includes(id)) return;
  const fresh = !on.has(id);
  on.add(id);
  current = id;
  unread.delete(id);
  if (narrow.matches) openGuide(false);
  place();
  phoneOf(id).node.scrollIntoView({ inline: "center", block: "nearest" });
  if (fresh && id !== SMS) await phoneOf(id).load();
  if (id !== SMS) phoneOf(id).chat.end();
}

function close(id) {
  const chip = chips.querySelector(`[data-for="${id}"]`);
  on.delete(id);
  phoneOf(id).node.remove();
  settle();
  chip?.focus();
}

function toggle(id) {
  const guided = !guide.hidden && narrow.matches;
  if (on.has(id) && !narrow.matches) close(id);
  else if (!on.has(id) || id !== current || guided) showPhone(id);
}

function drawChips() {
  const known = new Map([...chips.children].map((chip) => [chip.dataset.for, chip]));
  order().forEach((id, at) => {
    const person = emulators.people.find((one) => one.id === id);
    let chip = known.get(id);
    if (!chip) {
      chip = button({ className: "chip", "data-for": id, onclick: () => toggle(id) }, element("i"), element("span"), element("small"));
      chip.style.setProperty("--dot", DOT[person ? person.messenger : SMS]);
    }
    const [, name, about, old] = chip.children;
    refill(name, person?.name ?? "", () => [person ? person.name : "پیامک‌ها"]);
    refill(about, person?.role ?? "", () => [person ? `${MESSENGER[person.messenger]} · ${person.role}` : ""]);
    chip.setAttribute("aria-pressed", isSeen(id));
    const count = unread.get(id) || 0;
    const badge = old ?? element("b", { role: "img" });
    badge.textContent = persian(count);
    badge.ariaLabel = `${persian(count)} پیام نخوانده`;
    if (count && !old) chip.append(badge);
    if (!count) old?.remove();
    if (chips.children[at] !== chip) chips.insertBefore(chip, chips.children[at] ?? null);
  });
  showCount([...unread.values()].reduce((sum, one) => sum + one, 0));
}
narrow.addEventListener("change", settle);
const settleSoon = () => nextFrame(() => { settle(); return false; });

function count(id) {
  ring();
  if (isSeen(id) && !document.hidden) return;
  unread.set(id, (unread.get(id) || 0) + 1);
  soon();
}
const accountsJob = () => { accounts(); return false; };
const chipsJob = () => { drawChips(); return false; };
const soon = () => nextFrame(chipsJob);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const id of unread.keys()) if (isSeen(id)) unread.delete(id);
  drawChips();
});

// ── what happens ──

// While everything is being read, events wait: what was read may be older than they are, or hold them already.
let reading = false;
let waiting = [];
const announce = (detail) => document.dispatchEvent(new CustomEvent("demo", { detail }));

function happened(event) {
  if (event.kind === "hello") {
    // Those of an earlier connection: all is read again.
    waiting = [];
    connected(event.told);
  } else if (reading) waiting.push(event);
  else take(event);
}

function take(event) {
  announce(event);
  if (event.kind === "reset") return location.reload();
  if (event.kind === "clock") return setNow(event.now);
  if (event.kind === "sms") {
    if (!emulators.sms.some((one) => one.id === event.sms.id)) emulators.sms.push(event.sms);
    smsPhone.draw();
    return count(SMS);
  }
  if (event.kind === "network") return network(event.messenger, event.out);
  if (event.kind === "bot") return power(event.on);
  if (event.kind === "taken") return phones.get(event.id)?.chat.taken(event.message);
  const { person } = event;
  if (!person) return;
  const known = emulators.people.findIndex((one) => one.id === person.id);
  if (known < 0) {
    emulators.people.push(person);
    if (on.has(person.id)) place();
    settleSoon();
  } else emulators.people[known] = person;
  if (known < 0 || person.user_code) nextFrame(accountsJob);
  if (event.kind !== "person") phones.get(person.id)?.happened(event);
  if (event.kind === "message" && event.message.from_bot) count(person.id);
}

// The link that led here: /telegram/name?start=words, as links to the bot do.
const link = /^\/(telegram|bale)\//.exec(location.pathname);

function firstPhones(chats) {
  const kept = remembered(sessionStorage, "phones", null);
  const known = new Set(order());
  const wanted = kept ? kept.on.filter((id) => known.has(id)) : [...Object.keys(chats), ...(narrow.matches ? [] : [SMS])];
  if (link) {
    const messenger = link[1];
    const left = remembered(localStorage, `left:${messenger}`, null);
    const id = known.has(left) ? left : emulators.people.find((one) => one.messenger === messenger)?.id;
    if (id) {
      current = id;
      wanted.push(id);
      phoneOf(id).payload = new URLSearchParams(location.search).get("start");
    }
    history.replaceState(null, "", "/");
  }
  current ??= wanted.includes(kept?.current) ? kept.current : wanted[0] ?? null;
  for (const id of wanted) on.add(id);
}

async function readOnce() {
  const kept = begun ? { on: [...on] } : remembered(sessionStorage, "phones", null);
  const wanted = (kept?.on ?? []).filter((id) => id !== SMS);
  const { chats, ...rest } = await look(`/emulators?phones=${wanted.join(",")}`);
  emulators = rest;
  setNow(emulators.now);
  for (const messenger of ["telegram", "bale"]) network(messenger, emulators.out[messenger]);
  power(emulators.bot);
  accounts();
  smsPhone.draw();
  if (!begun) firstPhones(chats);
  begun = true;
  place();
  const seen = [...on].filter((id) => id !== SMS);
  // What is in sight first, the others one a frame.
  const width = table.clientWidth;
  const inSight = (id) => { const box = phoneOf(id).node.getBoundingClientRect(); return box.width > 0 && box.right > 0 && box.left < width; };
  const queue = [...seen.filter(inSight), ...seen.filter((id) => !inSight(id))];
  await new Promise((filled) => {
    nextFrame(function fill(deadline) {
      while (queue.length && performance.now() < deadline) {
        const id = queue.shift();
        const phone = phoneOf(id);
        if (chats[id]) phone.fill(chats[id], phone.version);
        else phone.load();
      }
      if (!queue.length) filled();
      return queue.length > 0;
    });
  });
}

// Until it was read; who asks meanwhile gets what is read after that.
let asked = 0;
let running = null;
function readAll() {
  asked += 1;
  running ??= (async () => {
    for (let done = 0, wait = 1000; done < asked; wait = Math.min(wait * 2, 8000)) {
      const aim = asked;
      reading = true;
      try {
        await readOnce();
        done = aim;
      } catch (error) { complain(error); }
      reading = false;
      const later = waiting.filter((event) => !(event.n <= emulators.told));
      waiting = [];
      later.forEach(take);
      if (done < aim) await pause(wait);
    }
    running = null;
    tellReady();
    announce({ kind: "read" });
  })();
  return running;
}

// ── the guide ──

const guide = document.getElementById("guide");
const help = document.getElementById("help");

function openGuide(open, focus = false) {
  if (!open && !guide.hidden && guide.contains(document.activeElement)) help.focus();
  guide.hidden = !open;
  // On a small screen the first visit sees the guide above the phone, and whoever asks for it sees it alone.
  document.body.classList.toggle("guided", open && focus);
  help.setAttribute("aria-expanded", open);
  watchQueues(open);
  if (open) remember(localStorage, "guide-seen", true);
  if (open && focus) document.getElementById("guide-title").focus();
}

function accounts() {
  const ready = emulators.people.filter((one, at, all) => one.user_code && all.findIndex((other) => other.user_code === one.user_code) === at);
  const copyable = (text, what) => button({ textContent: text, title: `کپی ${what}`, onclick: () => copy(text) });
  refill(document.getElementById("accounts"), ready.map((one) => [one.name, one.role, one.user_code, one.password]), () => (ready.length
    ? ready.map((one) => element("div", {}, element("strong", { textContent: one.name }), element("small", { textContent: one.role || "" }),
      copyable(one.user_code, "کد کاربری"), copyable(one.password, "رمز عبور")))
    : [element("p", { className: "soft", textContent: "هنوز حسابی نیست" })]));
}

help.onclick = () => openGuide(true, true);
document.getElementById("guide-close").onclick = () => openGuide(false);
guide.onkeydown = (event) => { if (event.key === "Escape") openGuide(false); };
if (!remembered(localStorage, "guide-seen", false) && !matchMedia("(max-height: 26rem)").matches) openGuide(true);
wireTroubles(() => { for (const id of on) if (id !== SMS) phones.get(id)?.around(); });

// ── a new phone ──

const newcomer = document.getElementById("newcomer");
const mobile = newcomer.querySelector("[name=mobile]");
const MOBILE = "شماره همراه را درست بنویسید، مانند ۰۹۱۲۳۴۵۶۷۸۹.";
document.getElementById("add").onclick = () => { newcomer.querySelector("form").reset(); newcomer.returnValue = ""; newcomer.showModal(); };
mobile.oninput = () => {
  const digits = latin(mobile.value).replace(/[\s‌()-]/g, "");
  mobile.setCustomValidity(!digits || /^(0|(\+|00)?98)9\d{9}$/.test(digits) ? "" : MOBILE);
};
const named = newcomer.querySelector("[name=name]");
named.oninvalid = () => named.setCustomValidity("نام را بنویسید.");
named.oninput = () => named.setCustomValidity("");
newcomer.onclose = async () => {
  if (newcomer.returnValue !== "make") return;
  try {
    const made = await act("/emulators/people", Object.fromEntries(new FormData(newcomer.querySelector("form"))));
    if (!emulators.people.some((one) => one.id === made.id)) emulators.people.push(made);
    await showPhone(made.id);
    phoneOf(made.id).composer.focus();
    tell(`گوشی ${made.name} روشن شد.`);
  } catch (error) { complain(error); }
};

// A file that is dropped beside a phone does not replace the page.
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => { if (!event.defaultPrevented) { event.preventDefault(); event.dataTransfer.dropEffect = "none"; } });
}

document.getElementById("help").disabled = document.getElementById("sound").disabled = false;
ready.then(() => { document.getElementById("add").disabled = false; });

// What is there is read while the connection is still being made; only what was missed in between is read again.
const first = readAll();
let connections = 0;
async function connected(told) {
  connections += 1;
  if (connections === 1) {
    await first;
    if (emulators.told === told || connections > 1) return;
  }
  readAll();
}
follow((events) => events.forEach(happened), connection);
