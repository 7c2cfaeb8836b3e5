// Menus: of a message, of a phone, of commands. Arrows walk, Escape and a click elsewhere close.

import { button, element } from "./dom.js";

let open = null;

export function closeMenu(focus = true) {
  if (!open) return;
  const { node, from, onClose } = open;
  const inside = node.contains(document.activeElement);
  open = null;
  node.remove();
  onClose?.();
  if (focus && inside && from?.isConnected) from.focus();
}

// items: [{label, run, hint?}]; `at` is {x, y} or the element under which the menu opens.
export function openMenu(items, { at, from, label, onClose }) {
  closeMenu();
  const node = element("div", { className: "menu-list", role: "group", "aria-label": label });
  for (const { label: words, run, hint } of items) {
    const item = button({ textContent: words });
    if (hint) item.append(element("small", { textContent: hint }));
    item.onclick = () => { closeMenu(); run(); };
    node.append(item);
  }
  node.onkeydown = (event) => {
    const all = [...node.children];
    const here = all.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); all.at(to % all.length).focus(); }
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); closeMenu(); }
  };
  node.addEventListener("focusout", (event) => { if (event.relatedTarget && !node.contains(event.relatedTarget)) closeMenu(false); });
  // In its phone, so that it is read and found there.
  (from?.closest(".phone") ?? document.body).append(node);
  const box = at instanceof Element ? at.getBoundingClientRect() : { left: at.x, right: at.x, top: at.y, bottom: at.y };
  const { offsetWidth: width, offsetHeight: height } = node;
  const below = box.bottom + height + 8 < innerHeight || box.top < height + 8;
  node.style.left = `${Math.max(8, Math.min(box.right - width, innerWidth - width - 8))}px`;
  node.style.top = `${Math.max(8, Math.min(below ? box.bottom + 4 : box.top - height - 4, innerHeight - height - 8))}px`;
  open = { node, from, onClose };
  node.firstElementChild?.focus();
}

document.addEventListener("pointerdown", (event) => { if (open && !open.node.contains(event.target) && !open.from?.contains(event.target)) closeMenu(false); });
addEventListener("resize", () => closeMenu(false));
