// The messages of one phone: placing, scrolling, paging, walking by keys.
//
// The reader's place is the reader's: only an own message, or being at the end already, moves it.

import { complain, pause } from "./api.js";
import { dayKey, dayName, element, persian } from "./dom.js";
import { nextFrame } from "./frames.js";
import { draw, isPicture, setTick } from "./message.js";

const NEAR = 40;
// Messages kept on the page while its reader is at the end; earlier ones are asked for again.
const MOST = 200;
const KEPT = 120;

export class Chat {
  // on: what messages do (see message.js), and earlier(id, since?) → promise, own(message), drawn(), menu(message, node, at).
  constructor(node, jump, on) {
    Object.assign(this, { node, jump, on });
    this.list = node.querySelector(".list");
    this.older = node.querySelector(".older");
    this.nodes = new Map();
    this.queue = new Map();
    this.active = new Set();
    this.atEnd = true;
    // Deleted while a chat that still has them may be on its way.
    this.gone = new Set();
    this.earlier = false;
    // The newest that was placed.
    this.last = 0;
    this.missed = 0;
    this.gesture = 0;
    this.flush = this.flush.bind(this);
    this.watch();
    this.walk();
  }

  // ── the place ──

  watch() {
    const { node } = this;
    const mark = () => { this.gesture = performance.now(); };
    for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) node.addEventListener(kind, mark, { passive: true });
    let height = 0;
    let room = 0;
    node.onscroll = () => {
      const end = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
      const sameLayout = node.scrollHeight === height && node.clientHeight === room;
      [height, room] = [node.scrollHeight, node.clientHeight];
      // A change of layout scrolls too; that is not the reader.
      if (end || sameLayout || performance.now() - this.gesture < 400) this.settle(end);
      if (node.scrollTop < 300) this.askEarlier().catch(complain);
    };
    const sizes = new ResizeObserver(() => {
      if (this.atEnd) node.scrollTop = node.scrollHeight;
      [height, room] = [node.scrollHeight, node.clientHeight];
    });
    sizes.observe(node);
    sizes.observe(this.list);
    sizes.observe(node.querySelector(".outgoing"));
    this.jump.onclick = () => { this.end(); this.on.focus(); };
    this.older.onclick = () => this.askEarlier().catch(complain);
  }

  settle(atEnd) {
    this.atEnd = atEnd;
    if (atEnd) this.missed = 0;
    this.jump.hidden = atEnd;
    this.jump.querySelector("b").textContent = this.missed ? persian(this.missed) : "";
    this.jump.setAttribute("aria-label", this.missed ? `رفتن به پایان، ${persian(this.missed)} پیام تازه` : "رفتن به پایان گفت‌وگو");
  }

  end() {
    this.settle(true);
    this.node.scrollTop = this.node.scrollHeight;
  }

  // ── placing ──

  // The chat as the server has it: only what differs is touched.
  // `current`: nothing came since it was asked for.
  merge({ messages, earlier }, current) {
    const ids = new Set(messages.map((one) => one.id));
    const first = messages[0]?.id ?? Infinity;
    const last = messages.at(-1)?.id ?? 0;
    if (Math.max(...this.nodes.keys(), 0) < first && current) this.clear();
    for (const [id, node] of this.nodes) if (id >= first && !ids.has(id) && (current || id <= last)) this.remove(id, node);
    if (![...this.nodes.keys()].some((id) => id < first)) this.earlier = earlier > 0;
    const begun = this.nodes.size > 0;
    const missing = messages.filter(({ id }) => !this.nodes.has(id) && !this.queue.has(id) && !this.gone.has(id));
    if (missing.some(({ id }) => id < this.last)) this.arrange(missing);
    for (const message of messages) {
      const old = this.nodes.get(message.id)?.message;
      if (this.queue.has(message.id) || this.gone.has(message.id)) continue;
      if (!old) this.append(message, begun);
      else if (old.changed < message.changed) this.redraw(message);
      else if (message.taken) setTick(this.nodes.get(message.id), "taken");
    }
    this.older.hidden = !this.earlier;
    this.settleButtons();
    if (!begun) this.end();
  }

  clear() {
    this.list.replaceChildren();
    this.nodes.clear();
    this.active.clear();
    this.lastDay = null;
    this.last = 0;
  }

  // A chat may come after a message that was written later: all are placed anew, each where it belongs.
  arrange(more) {
    const toEnd = this.node.scrollHeight - this.node.scrollTop;
    const all = [...[...this.nodes.values()].map((one) => one.message), ...more].sort((one, other) => one.id - other.id);
    this.clear();
    for (const message of all) this.append(message, false);
    if (!this.atEnd) this.node.scrollTop = this.node.scrollHeight - toEnd;
  }

  happened(kind, message) {
    this.queue.set(message.id, { kind: this.queue.has(message.id) && kind === "edit" ? this.queue.get(message.id).kind : kind, message });
    nextFrame(this.flush);
  }

  // Something around the messages changed.
  refresh() {
    nextFrame(this.flush);
  }

  taken(id) {
    const waiting = this.queue.get(id);
    if (waiting) waiting.message.taken = true;
    const node = this.nodes.get(id);
    if (node) { node.message.taken = true; setTick(node, "taken"); }
  }

  flush(deadline) {
    if (this.atEnd && this.queue.size > MOST) this.skip();
    let count = 0;
    for (const [id, { kind, message }] of this.queue) {
      if (count && performance.now() > deadline) break;
      this.queue.delete(id);
      count += 1;
      if (kind === "delete") { this.gone.add(id); this.remove(id, this.nodes.get(id)); }
      else if (this.nodes.has(id)) this.redraw(message);
      else if (kind === "message") {
        this.append(message, true);
        if (!message.from_bot) { this.settle(true); this.on.own(message); } else if (!this.atEnd) this.missed += 1;
      }
    }
    if (this.atEnd && this.nodes.size > MOST) this.shorten(KEPT);
    this.settle(this.atEnd);
    this.settleButtons();
    this.on.drawn();
    return this.queue.size > 0;
  }

  // More came at once than is kept: what would be taken away at once is not drawn at all.
  skip() {
    const fresh = [...this.queue].filter(([id, { kind }]) => kind === "message" && !this.nodes.has(id)).map(([id]) => id);
    if (fresh.length <= MOST) return;
    for (const id of fresh.slice(0, -KEPT)) {
      if (!this.queue.get(id).message.from_bot) this.on.own(this.queue.get(id).message);
      this.queue.delete(id);
    }
    this.clear();
    this.older.hidden = !(this.earlier = true);
  }

  shorten(to) {
    for (const [id, node] of this.nodes) {
      if (this.nodes.size <= to) break;
      this.remove(id, node);
    }
    this.older.hidden = !(this.earlier = true);
  }

  redraw(message) {
    const node = this.nodes.get(message.id);
    draw(message, this.on, node);
    this.changed = node;
  }

  remove(id, node) {
    this.nodes.delete(id);
    this.active.delete(node);
    if (this.changed === node) this.changed = null;
    if (!node) return;
    const album = node.closest(".album");
    node.remove();
    if (album && !album.children.length) album.remove();
    for (const day of this.list.querySelectorAll(".day")) {
      if (day.nextElementSibling?.classList.contains("day") || (!day.nextElementSibling && !this.nodes.size)) day.remove();
    }
    const first = this.list.firstElementChild;
    const top = this.list.querySelector(".message");
    if (top && first && !first.classList.contains("day")) first.before(this.day(top.message.date));
    if (!this.nodes.size) this.lastDay = null;
  }

  day(date) {
    return element("div", { className: "day", "data-day": dayKey(date), date }, element("span", { textContent: dayName(date) }));
  }

  append(message, fresh) {
    this.list.querySelector(".empty")?.remove();
    if (message.id < this.last) return this.arrange([message]);
    this.last = message.id;
    this.lastDay = this.place(this.list, message, this.lastDay);
    if (fresh) this.nodes.get(message.id).classList.add("fresh");
  }

  place(list, message, lastDay) {
    const key = dayKey(message.date);
    if (key !== lastDay) list.append(this.day(message.date));
    const node = draw(message, this.on);
    this.rest(node);
    this.nodes.set(message.id, node);
    this.changed = node;
    let into = list;
    if (message.album) {
      into = list.lastElementChild;
      if (into?.dataset.album !== message.album) {
        into = element("div", { className: `album${message.from_bot ? "" : " mine"}`, "data-album": message.album, role: "group", "aria-label": "آلبوم" });
        list.append(into);
      }
    }
    into.append(node);
    return key;
  }

  // `since`: all from this one on, where there are more than a page.
  async askEarlier(since = null) {
    const top = this.nodes.keys().next().value;
    if (!this.earlier || this.asking || top === undefined) return;
    this.asking = true;
    try {
      const { messages, earlier } = await this.on.earlier(top, since);
      if (this.nodes.keys().next().value !== top) return;
      const { node, list } = this;
      const fragment = element("div");
      const later = [...this.nodes];
      this.nodes.clear();
      let last = null;
      for (const message of messages) last = this.place(fragment, message, last);
      for (const [id, other] of later) this.nodes.set(id, other);
      if (list.firstElementChild?.dataset.day === last) list.firstElementChild.remove();
      const toEnd = node.scrollHeight - node.scrollTop;
      list.prepend(...fragment.children);
      this.older.hidden = !(this.earlier = earlier > 0);
      node.scrollTop = node.scrollHeight - toEnd;
    } finally { this.asking = false; }
  }

  // → its node, in sight; undefined where it is gone.
  async reach(id) {
    while (this.asking) await pause(50);
    if (!this.nodes.has(id)) await this.askEarlier(id);
    const node = this.nodes.get(id);
    this.gesture = performance.now();
    node?.scrollIntoView({ block: "center" });
    return node;
  }

  async show(id) {
    const node = await this.reach(id);
    if (!node) return;
    node.focus({ preventScroll: true });
    node.classList.add("found");
    setTimeout(() => node.classList.remove("found"), 1500);
  }

  pictures() {
    return [...this.nodes.values()].flatMap(({ message }) => message.files.filter(isPicture).map((file) => ({ file, message })));
  }

  // ── keys: only the newest buttons are in the order of Tab; arrows lead to all others ──

  rest(node) {
    for (const part of node.querySelectorAll("a, button")) part.tabIndex = -1;
  }

  wake(node) {
    if (!node || this.active.has(node)) return;
    this.active.add(node);
    for (const part of node.querySelectorAll("a, button")) part.tabIndex = 0;
  }

  newest() {
    const all = [...this.nodes.values()];
    return all.findLast((node) => node.querySelector(".rows"));
  }

  settleButtons() {
    const all = [...this.nodes.values()];
    const focused = document.activeElement?.closest?.(".message");
    const wanted = new Set([all.at(-1), this.newest(), this.changed, focused].filter((node) => node && this.list.contains(node)));
    for (const node of this.active) if (!wanted.has(node)) { this.rest(node); this.active.delete(node); }
    for (const node of wanted) { this.active.delete(node); this.wake(node); }
  }

  walk() {
    const { node, list } = this;
    node.addEventListener("keydown", (event) => {
      const all = [...this.nodes.values()];
      const here = event.target.closest(".message");
      const to = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!here) {
        if (event.target === node && event.key === "Enter") { event.preventDefault(); all.at(-1)?.focus(); }
        return;
      }
      if (to) {
        event.preventDefault();
        const next = all[all.indexOf(here) + to];
        if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); } else if (to > 0) this.on.focus();
      } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        // In a row the first button is the leftmost.
        const keys = [...here.querySelectorAll(".rows a, .rows button")];
        const at = keys.indexOf(document.activeElement) + (event.key === "ArrowRight" ? 1 : -1);
        if (keys.length) { event.preventDefault(); keys.at(at % keys.length).focus(); }
      } else if (event.key === "Escape") {
        this.on.focus();
      } else if (event.key === "Enter" && event.target === here) {
        event.preventDefault();
        this.on.menu(here.message, here, here.querySelector(".bubble"));
      }
    });
    list.addEventListener("focusin", () => this.settleButtons());
    list.addEventListener("contextmenu", (event) => {
      const here = event.target.closest(".message");
      if (!here?.message || event.target.closest(".rows a, .document") || String(getSelection())) return;
      event.preventDefault();
      this.on.menu(here.message, here, event.clientX ? { x: event.clientX, y: event.clientY } : here.querySelector(".bubble"));
    });
    // Browsers of iPhones have no such event for a long press.
    let timer;
    list.addEventListener("touchstart", (event) => {
      const here = event.target.closest(".message");
      const { clientX: x, clientY: y } = event.touches[0];
      timer = here?.message && setTimeout(() => this.on.menu(here.message, here, { x, y }), 550);
    }, { passive: true });
    for (const kind of ["touchend", "touchmove", "touchcancel"]) list.addEventListener(kind, () => clearTimeout(timer), { passive: true });
  }
}
