// The emulators's page: which phones are on, what arrives where, the guide.

import { act, complain, follow, look } from "./api.js";
import { clock, element } from "./message.js";
import { Phone } from "./phone.js";

const chips = document.getElementById("people");
const table = document.getElementById("phones");
const DOT = { telegram: "#517da2", bale: "#0b8f7e", sms: "#5b5f66" };
const MESSENGER = { telegram: "تلگرام", bale: "بله" };
const SMS = "sms";
const narrow = matchMedia("(max-width: 46rem)");

let emulators = { people: [], documents: [], sms: [] };
const phones = new Map();
const unread = new Map();
const on = new Set();
let current = null;
let chosen = false;

// ── the SMS phone ──

const smsPhone = {
  node: element("section", { className: "phone sms", ariaLabel: "گوشی پیامک" },
    element("header", {}, element("span", { className: "face", textContent: "✉️" }),
      element("div", { className: "who" }, element("h2", { textContent: "پیامک‌ها" }), element("p", { textContent: "همه پیامک‌های ارسال‌شده" })),
      element("button", { type: "button", className: "icon close", ariaLabel: "بستن این گوشی", textContent: "✕", onclick: () => toggle(SMS) })),
    element("div", { className: "chat", role: "log", ariaLive: "polite", tabIndex: 0 })),
  async load() { this.draw(); },
  draw() {
    const chat = this.node.querySelector(".chat");
    chat.replaceChildren(...emulators.sms.map((one) => element("div", { className: "message" }, element("div", { className: "bubble" },
      element("small", { className: "soft" }, "به ", element("bdi", { textContent: one.to })),
      element("p", { dir: "auto", textContent: one.text }),
      element("span", { className: "when" }, element("time", { textContent: clock(one.date) }))))));
    if (!emulators.sms.length) chat.append(element("p", { className: "empty", textContent: "هنوز پیامکی نیامده" }));
    this.bottom();
  },
  bottom() {
    const chat = this.node.querySelector(".chat");
    chat.scrollTop = chat.scrollHeight;
  },
};

// ── which phones are on ──

function phoneOf(id) {
  if (id === SMS) return smsPhone;
  if (!phones.has(id)) {
    const person = emulators.people.find((one) => one.id === id);
    phones.set(id, new Phone(person, emulators.documents, () => toggle(id)));
  }
  return phones.get(id);
}

// Switch a phone on, where it belongs in the row.
async function turnOn(id) {
  on.add(id);
  unread.delete(id);
  const phone = phoneOf(id);
  const after = order().slice(order().indexOf(id) + 1).find((other) => on.has(other) && phoneOf(other).node.isConnected);
  table.insertBefore(phone.node, after ? phoneOf(after).node : null);
  settle();
  await phone.load().catch(complain);
  phone.bottom();
}

// Switch it on and look at it.
function show(id) {
  current = id;
  return turnOn(id);
}

function toggle(id) {
  chosen = true;
  if (on.has(id) && (!narrow.matches || id === current)) {
    if (narrow.matches) return;
    on.delete(id);
    phoneOf(id).node.remove();
    settle();
    return;
  }
  show(id).then(() => phoneOf(id).node.scrollIntoView({ inline: "center", block: "nearest" }));
}

const order = () => [...emulators.people.map((one) => one.id), SMS];

function settle() {
  for (const id of on) phoneOf(id).node.classList.toggle("current", id === current);
  chips.replaceChildren(...order().map((id) => {
    const person = emulators.people.find((one) => one.id === id);
    const chip = element("button", { type: "button", className: "chip" }, element("i"),
      element("span", { textContent: person ? person.name : "پیامک‌ها" }), element("small", { textContent: person ? `${MESSENGER[person.messenger]} · ${person.role}` : "" }));
    chip.style.setProperty("--dot", DOT[person ? person.messenger : SMS]);
    chip.setAttribute("aria-pressed", narrow.matches ? id === current : on.has(id));
    if (unread.get(id)) chip.append(element("b", { textContent: unread.get(id).toLocaleString("fa"), ariaLabel: "پیام نخوانده" }));
    chip.onclick = () => toggle(id);
    return chip;
  }));
}
narrow.addEventListener("change", settle);

function count(id) {
  if (on.has(id) && (!narrow.matches || id === current)) return;
  unread.set(id, (unread.get(id) || 0) + 1);
  settle();
}

// ── what happens ──

function happened(event) {
  if (event.kind === "sms") {
    emulators.sms.push(event.sms);
    smsPhone.draw();
    count(SMS);
    return;
  }
  if (event.kind === "network") {
    document.getElementById(`out-${event.messenger}`).checked = event.out;
    return;
  }
  if (event.kind === "bot") {
    power(event.on);
    return;
  }
  const { person } = event;
  const known = emulators.people.findIndex((one) => one.id === person.id);
  if (known < 0) {
    emulators.people.push(person);
    settle();
  } else {
    emulators.people[known] = person;
  }
  accounts();
  if (phones.has(person.id) && event.kind !== "person") phones.get(person.id).happened(event);
  if (event.kind === "message" && event.message.from_bot) count(person.id);
}

async function readAll() {
  emulators = await look("/emulators");
  for (const messenger of ["telegram", "bale"]) document.getElementById(`out-${messenger}`).checked = emulators.out[messenger];
  power(emulators.bot);
  accounts();
  smsPhone.draw();
  const wanted = chosen ? [...on] : [...emulators.people.filter((one) => one.shown).map((one) => one.id), ...(narrow.matches ? [] : [SMS])];
  current ??= wanted[0];
  for (const id of wanted) await turnOn(id);
}

// ── the guide ──

function copyable(text) {
  const made = element("button", { type: "button", textContent: text, title: "رونوشت" });
  made.onclick = () => navigator.clipboard.writeText(text).catch(complain);
  return made;
}

function accounts() {
  const ready = emulators.people.filter((one, at, all) => one.user_code && all.findIndex((other) => other.user_code === one.user_code) === at);
  document.getElementById("accounts").replaceChildren(...(ready.length ? ready : [{ name: "هنوز حسابی نیست" }]).map((one) =>
    element("div", {}, element("strong", { textContent: one.name }), element("small", { textContent: one.role || "" }),
      ...(one.user_code ? [copyable(one.user_code), copyable(one.password)] : []))));
}

const guide = document.getElementById("guide");
document.getElementById("help").onclick = () => guide.showModal();
for (const messenger of ["telegram", "bale"]) {
  document.getElementById(`out-${messenger}`).onchange = (event) =>
    act("/emulators/network", { messenger, out: event.target.checked }).catch(complain);
}

const off = document.getElementById("off");
function power(runs) {
  document.getElementById("power").hidden = runs === null;
  off.checked = runs === false;
  document.body.classList.toggle("off", runs === false);
}
off.onchange = () => {
  off.disabled = true;
  act("/emulators/bot", { on: !off.checked }).then((body) => power(body.on), complain).finally(() => { off.disabled = false; });
};

const newcomer = document.getElementById("newcomer");
document.getElementById("add").onclick = () => { newcomer.querySelector("form").reset(); newcomer.returnValue = ""; newcomer.showModal(); };
newcomer.onclose = async () => {
  if (newcomer.returnValue !== "make") return;
  try {
    const made = await act("/emulators/people", Object.fromEntries(new FormData(newcomer.querySelector("form"))));
    if (!emulators.people.some((one) => one.id === made.id)) emulators.people.push(made);
    chosen = true;
    await show(made.id);
    phoneOf(made.id).node.scrollIntoView({ inline: "center" });
  } catch (error) { complain(error); }
};

follow(happened, () => readAll().catch(complain));
