// Where a person writes: text with its draft, replies, files with their progress, the menu of commands.

import { act, complain, newKey, tell, upload } from "./api.js";
import { button, element, persian, remember, remembered } from "./dom.js";
import { openMenu } from "./menu.js";
import { drawPending, quote, showFailure } from "./message.js";

const LARGEST = 50 * 1024 * 1024;

// Files that are on their way, of all phones: a reload loses them.
const uploads = new Set();
addEventListener("beforeunload", (event) => { if (uploads.size) event.preventDefault(); });

export class Composer {
  constructor(phone) {
    this.phone = phone;
    this.find = phone.find;
    this.box = this.find("textarea");
    this.outgoing = this.find(".outgoing");
    this.pending = [];
    this.line = Promise.resolve();
    this.reply = null;
    this.draft = `draft:${phone.person.id}`;
    this.unsent = `unsent:${phone.person.id}`;
    this.on = { again: (one) => this.again(one), drop: (one) => this.drop(one), cancel: (one) => one.cancel() };
    this.wireWriting();
    this.wireFiles();
    // Its key keeps a text from being doubled that had left just before.
    for (const one of remembered(sessionStorage, this.unsent, [])) this.put(one);
  }

  focus() {
    const newest = this.phone.chat.newest();
    const last = [...this.phone.chat.nodes.values()].at(-1);
    const key = newest && (newest === last || newest === this.phone.chat.changed) && newest.querySelector(".rows a, .rows button");
    // On a touch screen the text box would bring its keyboard up.
    const other = matchMedia("(pointer: coarse)").matches ? this.phone.chat.node : this.box;
    (this.phone.state.blocked ? this.find(".unblock") : key || this.find(".keyboard button") || other).focus({ preventScroll: true });
  }

  // ── text ──

  wireWriting() {
    const { box } = this;
    this.find(".write").onsubmit = (event) => {
      event.preventDefault();
      const text = box.value.trim();
      if (!text) return;
      this.write("");
      this.send(text);
    };
    box.oninput = () => {
      this.fit();
      remember(sessionStorage, this.draft, box.value);
      if (box.value === "/" && this.phone.state.commands.length) this.openCommands();
    };
    box.onkeydown = (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.find(".write").requestSubmit(); }
      if (event.key === "Escape" && this.reply) { event.stopPropagation(); this.replyTo(null); }
    };
    this.find(".reply button").onclick = () => this.replyTo(null);
    this.find(".commands").onclick = () => this.openCommands();
    this.write(remembered(sessionStorage, this.draft, ""));
  }

  write(text) {
    this.box.value = text;
    remember(sessionStorage, this.draft, text);
    this.fit();
  }

  fit() {
    this.box.style.height = "";
    if (this.box.value && this.box.scrollHeight > this.box.clientHeight) this.box.style.height = `${this.box.scrollHeight + 2}px`;
  }

  replyTo(message) {
    this.reply = message && { id: message.id, from_bot: message.from_bot, text: message.text || (message.files.length ? "📎" : "👤") };
    this.find(".reply").hidden = !message;
    this.find(".reply .quote").replaceChildren(...(message ? quote(this.reply) : []));
    this.box.focus();
  }

  around() {
    this.find(".commands").hidden = !this.phone.state.commands.length;
  }

  openCommands() {
    const from = this.find(".commands");
    openMenu(this.phone.state.commands.map(({ command, description }) => ({
      label: `/${command.replace(/^\//, "")}`, hint: description,
      run: () => { if (this.box.value === "/") this.write(""); this.send(`/${command.replace(/^\//, "")}`); this.box.focus(); },
    })), { at: from, from: document.activeElement === this.box ? this.box : from, label: "فرمان‌ها" });
  }

  // Messages leave in the order in which they were written.
  send(text) {
    const { reply } = this;
    if (reply) this.replyTo(null);
    this.put({ text, reply, once: newKey() });
  }

  put(one) {
    one.node = drawPending(one, this.on);
    this.pending.push(one);
    this.outgoing.append(one.node);
    this.keep();
    this.phone.chat.end();
    if (one.failed) showFailure(one.node, one, one.failed, this.on);
    else this.leave(one);
  }

  leave(one) {
    one.failed = null;
    const go = () => (one.form ? this.upload(one) : act(`${this.phone.path}/send`, { text: one.text, reply: one.reply?.id, once: one.once }));
    const sent = this.line.then(go).then(
      // The message itself comes over the stream; where that is late, it is taken away here.
      ({ id }) => (this.phone.chat.nodes.has(id) ? this.drop(one) : setTimeout(() => this.drop(one), 1500)),
      (error) => {
        if (error.name === "AbortError") return this.drop(one);
        one.failed = error.message;
        this.keep();
        if (one.node.isConnected) showFailure(one.node, one, error.message, this.on);
      });
    this.line = sent.catch(complain);
  }

  again(one) {
    const old = one.node;
    one.node = drawPending(one, this.on);
    old.replaceWith(one.node);
    this.leave(one);
    this.box.focus();
  }

  drop(one) {
    const focused = one.node.contains(document.activeElement);
    one.node.remove();
    this.pending = this.pending.filter((other) => other !== one);
    this.keep();
    if (focused) this.box.focus();
  }

  // Texts that have not left survive a reload.
  keep() {
    remember(sessionStorage, this.unsent, this.pending.filter((one) => one.text && !one.form).map(({ text, reply, once, failed }) => ({ text, reply, once, failed })));
  }

  // An own message is in the chat: the one that was on its way is the same.
  arrived(message) {
    const one = this.pending.find((other) => (other.form ? message.files.length > 0 : other.text === message.text));
    if (!one) return;
    if (one.form && (one.left -= 1) > 0) return;
    this.drop(one);
  }

  // ── files ──

  wireFiles() {
    const drawer = this.find(".documents");
    const attach = this.find(".attach");
    const toggle = (shown) => {
      drawer.hidden = !shown;
      attach.setAttribute("aria-expanded", shown);
      this.find(".keyboard").hidden = shown;
    };
    attach.onclick = () => toggle(drawer.hidden);
    drawer.onkeydown = (event) => { if (event.key === "Escape") { toggle(false); attach.focus(); } };
    for (const radio of this.phone.node.querySelectorAll(".form input")) radio.name = `form-${this.phone.person.id}`;
    const form = () => this.find(".form input:checked").value;
    this.find(".samples").append(...this.phone.page.documents.map((sample) =>
      button({ textContent: sample.name, onclick: () => this.phone.run("document", { code: sample.code, as: form() }) })));
    const own = this.find(".own input");
    own.onchange = () => {
      this.sendFiles([...own.files], form() === "file" || form() === "pdf" ? "file" : "photo");
      own.value = "";
    };
    this.box.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (files.length) { event.preventDefault(); this.sendFiles(files, "photo"); }
    });
    const { node } = this.phone;
    const over = (shown) => node.classList.toggle("dropping", shown);
    node.addEventListener("dragover", (event) => {
      event.preventDefault();
      const takes = event.dataTransfer.types.includes("Files") && !this.phone.state.blocked;
      event.dataTransfer.dropEffect = takes ? "copy" : "none";
      over(takes);
    });
    node.addEventListener("dragleave", (event) => { if (!node.contains(event.relatedTarget)) over(false); });
    node.addEventListener("drop", (event) => {
      event.preventDefault();
      over(false);
      if (event.dataTransfer.files.length) this.sendFiles([...event.dataTransfer.files], "photo");
    });
  }

  // Pictures go as photos where `as` says so; other files always as files.
  sendFiles(files, as) {
    if (this.phone.state.blocked) return tell("ربات را مسدود کرده‌اید؛ نخست آن را باز کنید.", true);
    const large = files.find((file) => file.size > LARGEST);
    if (large) return tell(`«${large.name}» بزرگ است؛ هر بار تا ۵۰ مگابایت بفرستید.`, true);
    if (!files.length) return;
    const photos = as === "photo" ? files.filter((file) => /^image\/(jpeg|png|webp|gif|bmp)$/.test(file.type)) : [];
    const others = files.filter((file) => !photos.includes(file));
    for (const [kind, group] of [["photo", photos], ["file", others]]) {
      for (let at = 0; at < group.length; at += 10) this.sendTogether(group.slice(at, at + 10), kind);
    }
  }

  sendTogether(files, as) {
    const once = newKey();
    const form = new FormData();
    form.append("as", as);
    form.append("once", once);
    for (const file of files) form.append("file", file, file.name || "عکس.png");
    const one = { form, once, names: files.map((file) => file.name || "عکس"), left: files.length };
    one.cancel = () => { one.cancelled = true; if (one.request) one.request.cancel(); else this.drop(one); };
    this.put(one);
  }

  upload(one) {
    if (one.cancelled) throw new DOMException("", "AbortError");
    one.left = one.names.length;
    one.request = upload(`${this.phone.path}/upload`, one.form, (part) => {
      one.node.querySelector("progress").value = part;
      one.node.querySelector(".percent").textContent = persian(`${Math.round(part * 100)}٪`);
    });
    uploads.add(one);
    return one.request.done.finally(() => uploads.delete(one));
  }
}
