// One phone: a chat with the bot in one messenger.
//
// What tests and the tour may rely on: every phone is `section.phone[data-phone="<messenger>-<user id>"]` (the id of
// the person in the API; "sms" for the text messages), named «گوشی … در تلگرام/بله». In it a message is
// `.message[data-id]` (`.mine` where the person wrote it), its buttons are in `.rows`, the reply keyboard is
// `.keyboard`, sample answers and «شروع» are in `.suggestions`, the text box is named «پیام». Everything else is to
// be found by its role and text.

import { act, complain, copy, look, pause, wanted } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { button, element, refill } from "./dom.js";
import { closeMenu, openMenu } from "./menu.js";

const viewer = wanted("viewer.js");
const view = (...what) => viewer().then((module) => module.view(...what)).catch(complain);
const finder = wanted("search.js");

const template = document.getElementById("phone");
export const MESSENGER = { telegram: "تلگرام", bale: "بله" };
const PAGE = 40;
// Milliseconds after which a chat that could not be read is asked for again.
const AGAIN = 3000;
// Seconds after which messengers give up waiting for the answer to a pressed button.
const PATIENCE = 60;

export class Phone {
  // page: {documents, phones(messenger) → others, trouble(messenger) → sentence or "", close(id)}
  constructor(person, page) {
    this.person = person;
    this.page = page;
    this.path = `/emulators/people/${person.id}`;
    this.node = template.content.firstElementChild.cloneNode(true);
    this.node.classList.add(person.messenger);
    this.node.dataset.phone = person.id;
    this.node.setAttribute("aria-label", `گوشی ${person.name} در ${MESSENGER[person.messenger]}`);
    this.find = (selector) => this.node.querySelector(selector);
    this.state = { keyboard: [], suggestions: [], commands: [], pressed: [], action: null, blocked: person.blocked };
    this.tapped = new Map();
    this.find(".close").onclick = () => page.close(person.id);
    this.find(".chat").setAttribute("aria-label", `گفت‌وگوی ${person.name}`);
    this.chat = new Chat(this.find(".chat"), this.find(".jump"), {
      earlier: (id, since) => look(`${this.path}?last=${PAGE}&before=${id}${since ? `&since=${since}` : ""}`),
      own: (message) => this.composer.arrived(message),
      drawn: () => this.around(),
      menu: (message, node, at) => this.openMessageMenu(message, node, at),
      show: (id) => this.chat.show(id).catch(complain),
      view: (file, message) => view(file, message, this.chat.pictures()),
      tap: (message, one) => this.tap(message, one),
      leave: () => page.leave(person.id),
      focus: () => this.composer.focus(),
      copy,
    });
    this.composer = new Composer(this);
    this.find(".face").textContent = person.name.slice(0, 1);
    this.find(".who h2").textContent = this.find(".who h2").title = person.name;
    this.version = 0;
    // Whether its chat was read.
    this.loaded = false;
    document.addEventListener("pointerdown", (event) => { if (!this.node.contains(event.target)) this.focused = false; });
    this.wireMenu();
    this.around();
  }

  run(action, body) {
    return act(`${this.path}/${action}`, body).catch(complain);
  }

  wireMenu() {
    const menu = this.find(".menu");
    menu.onclick = () => {
      if (menu.getAttribute("aria-expanded") === "true") return closeMenu();
      menu.setAttribute("aria-expanded", "true");
      const { blocked } = this.state;
      const block = { label: blocked ? "✅ باز کردن ربات" : "⛔️ مسدود کردن ربات", run: () => this.run("block", { blocked: !blocked }) };
      const send = [
        { label: "📱 فرستادن شماره خودم", run: () => this.run("contact") },
        { label: "🙂 فرستادن استیکر", run: () => this.run("sticker") },
        { label: "🎤 فرستادن صدا", run: () => this.run("voice") },
      ];
      const find = { label: "🔍 جست‌وجو در گفت‌وگو", run: () => finder().then((module) => module.openSearch(this)).catch(complain) };
      openMenu([find, ...(blocked ? [] : send), block], { at: menu, from: menu, label: "کارهای دیگر", onClose: () => menu.setAttribute("aria-expanded", "false") });
    };
  }

  openMessageMenu(message, node, at) {
    const picture = this.chat.pictures().find((one) => one.message.id === message.id);
    const others = this.page.phones(this.person.messenger);
    const items = [
      ...(this.state.blocked ? [] : [{ label: "↩ پاسخ", run: () => this.composer.replyTo(message) }]),
      ...(message.text ? [{ label: "⧉ کپی متن", run: () => copy(message.text) }] : []),
      ...(picture ? [{ label: "🔍 دیدن تصویر", run: () => view(picture.file, message, this.chat.pictures()) }] : []),
      { label: "↪ هدایت به…", run: () => openMenu(others.map((other) => ({
        label: other.id === this.person.id ? `${other.name} (همین گفت‌وگو)` : other.name, hint: other.role,
        run: () => act(`/emulators/people/${other.id}/forward`, { from: this.person.id, message: message.id }).catch(complain),
      })), { at, from: node, label: "هدایت به" }) },
    ];
    openMenu(items, { at, from: node, label: "کارهای این پیام" });
  }

  // A pressed button turns until the bot answers, or the messenger gives up.
  tap(message, one) {
    const name = `${message.id} ${one.data}`;
    this.tapped.set(name, performance.now());
    this.spin();
    const forget = () => { this.tapped.delete(name); this.spin(); };
    setTimeout(forget, PATIENCE * 1000);
    return act(`${this.path}/tap`, { message: message.id, data: one.data, label: one.text }).catch((error) => { forget(); complain(error); });
  }

  spin() {
    const turning = new Set([...this.tapped.keys(), ...this.state.pressed.map((one) => `${one.message} ${one.data}`)]);
    for (const made of this.chat.list.querySelectorAll(".spin")) {
      if (!turning.has(`${made.closest(".message").dataset.id} ${made.dataset.press}`)) { made.classList.remove("spin"); made.removeAttribute("aria-busy"); }
    }
    for (const name of turning) {
      const [id, data] = [name.slice(0, name.indexOf(" ")), name.slice(name.indexOf(" ") + 1)];
      const made = this.chat.nodes.get(Number(id))?.querySelector(`[data-press="${CSS.escape(data)}"]`);
      if (made) { made.classList.add("spin"); made.setAttribute("aria-busy", "true"); }
    }
  }

  // What is around the messages.
  around() {
    const { keyboard, suggestions, action, blocked } = this.state;
    const { messenger, role } = this.person;
    const held = this.holdsFocus();
    const line = this.find(".who p");
    const words = blocked ? "ربات مسدود است" : this.page.trouble(messenger) || (action ? "سامانه در حال نوشتن…" : `${MESSENGER[messenger]} · ${role}`);
    if (line.textContent !== words) line.textContent = words;
    this.node.classList.toggle("blocked", blocked);
    if (blocked !== this.wasBlocked) for (const key of this.node.querySelectorAll(".rows button")) key.disabled = blocked;
    this.wasBlocked = blocked;
    this.find(".write").hidden = blocked;
    this.find(".unblock").hidden = !blocked;
    this.find(".unblock").onclick = () => this.run("block", { blocked: false });
    const empty = !this.chat.nodes.size;
    refill(this.find(".keyboard"), blocked ? [] : keyboard, () => (blocked ? [] : keyboard).map((row) => element("div", {}, ...row.map((key) =>
      button({ textContent: key.text, onclick: () => (key.asks_contact ? this.run("contact") : this.composer.send(key.text)) })))));
    // A link to the bot may carry words for its start.
    const start = this.loaded && (empty || this.payload) && !blocked;
    const shown = blocked ? [] : suggestions.filter((one) => one.text !== "/start");
    refill(this.find(".suggestions"), [start, shown, this.payload], () => [
      ...(start ? [button({ className: "start", textContent: "شروع", onclick: () => { this.composer.send(`/start ${this.payload || ""}`.trim()); this.payload = null; } })] : []),
      ...shown.map((one) => button({ title: one.login ? "ورود با یک لمس" : "پاسخ نمونه", textContent: `${one.login ? "🔑" : one.document ? "📎" : "✨"} ${one.label}`,
        onclick: () => (one.login ? this.run("login") : one.document ? this.run("document", { code: one.document, as: "photo" }) : this.composer.send(one.text)) })),
    ]);
    const hint = this.loaded ? "هنوز پیامی نیست" : "در حال خواندن گفت‌وگو…";
    if (empty && this.chat.list.textContent !== hint) this.chat.list.replaceChildren(element("p", { className: "empty", textContent: hint }));
    this.composer.around();
    this.spin();
    if (held) this.keepFocus();
  }

  holdsFocus() {
    if (this.node.contains(document.activeElement)) this.focused = true;
    else if (document.activeElement !== document.body) this.focused = false;
    return this.focused;
  }

  // What had the focus may be gone: it goes to the newest buttons, or to the text box.
  keepFocus() {
    if (document.activeElement !== document.body || !this.node.isConnected) return;
    this.composer.focus();
  }

  // Until it was read: the phone is on, and shows nothing yet.
  async load() {
    for (;;) {
      const { version } = this;
      try {
        return this.fill(await look(`${this.path}?last=${PAGE}`), version);
      } catch (error) { complain(error); }
      await pause(AGAIN);
      if (!this.node.isConnected) return;
    }
  }

  // `version`: how much had happened when the chat was asked for; what came since is newer than the chat.
  fill(whole, version) {
    const current = version === this.version;
    if (current) this.state = whole;
    this.loaded = true;
    this.holdsFocus();
    this.chat.merge(whole, current);
    this.around();
  }

  happened(event) {
    this.version += 1;
    this.person = event.person;
    this.state = event.chat;
    if (!event.chat.pressed.length) this.tapped.clear();
    // Once a frame: a burst of messages is drawn together.
    this.holdsFocus();
    if (event.message && event.kind !== "toast") this.chat.happened(event.kind, event.message);
    else this.chat.refresh();
    if (event.kind === "toast") this.toast(event.text);
  }

  toast(text) {
    const line = this.find(".toast");
    line.textContent = text;
    line.hidden = false;
    clearTimeout(this.hideToast);
    this.hideToast = setTimeout(() => { line.hidden = true; }, 4500);
  }
}
