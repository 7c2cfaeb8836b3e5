// One phone: a chat with the bot in one messenger.

import { act, complain, look, upload } from "./api.js";
import { draw, element } from "./message.js";

const template = document.getElementById("phone");
const MESSENGER = { telegram: "تلگرام", bale: "بله" };

export class Phone {
  constructor(person, documents, onClose) {
    this.person = person;
    this.path = `/emulators/people/${person.id}`;
    this.node = template.content.firstElementChild.cloneNode(true);
    this.node.classList.add(person.messenger);
    this.node.dataset.person = person.id;
    this.node.setAttribute("aria-label", `گوشی ${person.name} در ${MESSENGER[person.messenger]}`);
    this.find = (selector) => this.node.querySelector(selector);
    this.chat = this.find(".chat");
    this.find(".close").onclick = onClose;
    // The last message stays in sight when a keyboard or a drawer takes room.
    let atBottom = true;
    this.chat.onscroll = () => { atBottom = this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 60; };
    new ResizeObserver(() => { if (atBottom) this.chat.scrollTop = this.chat.scrollHeight; }).observe(this.chat);
    this.name();
    this.wireMenu();
    this.wireWriting();
    this.wireDocuments(documents);
  }

  name() {
    const { name, role, messenger } = this.person;
    this.find(".face").textContent = name.slice(0, 1);
    this.find(".who h2").textContent = name;
    this.find(".who p").textContent = `${MESSENGER[messenger]} · ${role}`;
  }

  run(action, body) {
    return act(`${this.path}/${action}`, body).catch(complain);
  }

  wireMenu() {
    const menu = this.find(".menu");
    const more = this.find(".more");
    const open = (shown) => { more.hidden = !shown; menu.setAttribute("aria-expanded", shown); };
    menu.onclick = () => open(more.hidden);
    more.onclick = (event) => {
      const what = event.target.dataset.do;
      if (!what) return;
      open(false);
      this.run(what, what === "block" ? { blocked: !this.blocked } : {});
    };
    this.node.addEventListener("keydown", (event) => { if (event.key === "Escape") open(false); });
  }

  wireWriting() {
    const form = this.find(".write");
    const box = this.find("textarea");
    form.onsubmit = (event) => {
      event.preventDefault();
      const text = box.value.trim();
      if (!text) return;
      box.value = "";
      box.style.height = "";
      this.run("send", { text });
    };
    box.oninput = () => { box.style.height = ""; box.style.height = `${box.scrollHeight + 2}px`; };
    box.onkeydown = (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
    };
  }

  wireDocuments(documents) {
    const drawer = this.find(".documents");
    const attach = this.find(".attach");
    attach.onclick = () => {
      drawer.hidden = !drawer.hidden;
      attach.setAttribute("aria-expanded", !drawer.hidden);
      this.find(".keyboard").hidden = !drawer.hidden;
    };
    for (const radio of this.node.querySelectorAll(".form input")) radio.name = `form-${this.person.id}`;
    const form = () => this.find(".form input:checked").value;
    this.find(".samples").append(...documents.map((sample) => {
      const made = element("button", { type: "button", textContent: sample.name });
      made.onclick = () => this.run("document", { code: sample.code, as: form() });
      return made;
    }));
    const own = this.find(".own input");
    own.onchange = () => {
      const body = new FormData();
      body.append("as", form() === "file" || form() === "pdf" ? "file" : "photo");
      for (const file of own.files) body.append("file", file, file.name);
      own.value = "";
      upload(`${this.path}/upload`, body).catch(complain);
    };
  }

  // What happens while the chat is being read may be missing in what was read: read it again then.
  async load() {
    this.loads = (this.loads || 0) + 1;
    const mine = this.loads;
    const whole = await look(this.path);
    if (mine !== this.loads) return;
    this.loads = 0;
    this.chat.replaceChildren(...whole.messages.map((message) => this.drawn(message)));
    this.around(whole);
    this.bottom();
  }

  drawn(message) {
    return draw(message, {
      tap: (on, button) => this.run("tap", { message: on.id, data: button.data, label: button.text }),
      copy: (text) => navigator.clipboard.writeText(text).then(() => this.toast("کپی شد."), complain),
    });
  }

  // What is around the messages.
  around({ keyboard, suggestions, action, blocked }) {
    this.blocked = blocked;
    this.find('[data-do="block"]').textContent = blocked ? "✅ باز کردن ربات" : "⛔️ مسدود کردن ربات";
    this.find(".write").inert = blocked;
    this.find(".who p").textContent =
      blocked ? "ربات مسدود است" : action ? "سامانه در حال نوشتن…" : `${MESSENGER[this.person.messenger]} · ${this.person.role}`;
    this.find(".keyboard").replaceChildren(...keyboard.map((row) => element("div", {}, ...row.map((key) => {
      const made = element("button", { type: "button", textContent: key.text });
      made.onclick = () => (key.asks_contact ? this.run("contact") : this.run("send", { text: key.text }));
      return made;
    }))));
    this.find(".suggestions").replaceChildren(...(blocked ? [] : suggestions).map((one) => {
      const made = element("button", { type: "button", textContent: `${one.document ? "📎" : "✨"} ${one.label}`, title: "پاسخ نمونه" });
      made.onclick = () => (one.document ? this.run("document", { code: one.document, as: "photo" }) : this.run("send", { text: one.text }));
      return made;
    }));
    if (!this.chat.querySelector(".message")) {
      this.chat.replaceChildren(element("p", { className: "empty", textContent: "هنوز پیامی نیست" }));
    }
  }

  happened(event) {
    this.person = event.person;
    if (this.loads) this.load();
    const { message } = event;
    if (message) {
      const old = this.chat.querySelector(`[data-id="${message.id}"]`);
      if (event.kind === "delete") old?.remove();
      else {
        const shown = this.drawn(message);
        if (old) old.replaceWith(shown);
        else { shown.classList.add("fresh"); this.chat.querySelector(".empty")?.remove(); this.chat.append(shown); }
      }
    }
    if (event.kind === "toast") this.toast(event.text);
    this.around(event.chat);
    if (message) this.bottom();
  }

  toast(text) {
    const line = this.find(".toast");
    line.textContent = text;
    line.hidden = false;
    clearTimeout(this.hideToast);
    this.hideToast = setTimeout(() => { line.hidden = true; }, 4500);
  }

  bottom() {
    this.chat.scrollTop = this.chat.scrollHeight;
    // Pictures grow when they arrive.
    for (const picture of this.chat.querySelectorAll("img:not([data-watched])")) {
      picture.dataset.watched = "1";
      picture.onload = () => { this.chat.scrollTop = this.chat.scrollHeight; };
    }
  }
}
