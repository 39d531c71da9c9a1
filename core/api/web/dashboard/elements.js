// Small tools for making and updating what the page shows. Everything that comes from outside becomes text, never markup.

export const byId = (id) => document.getElementById(id);

// element("td", {class: "number", onclick: f}, "text", child): names that begin with "on" are listeners, false and undefined are
// left out.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Makes `parent` show `items` in order. An item that stays keeps its element, and so the focus that may be inside.
export function keyed(parent, items, keyOf, create, update) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = before.get(key);
    before.delete(key);
    if (!child) {
      child = create(item);
      child.dataset.key = key;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update?.(child, item);
  }
  for (const child of before.values()) child.remove();
}

const asked = new WeakMap();

// For what is asked for `place`: whether that is still what was asked last. A slow answer must not overwrite a later one.
export function begin(place) {
  const mine = {};
  asked.set(place, mine);
  return () => asked.get(place) === mine;
}

// Empties it; what is under way for it is not shown any more.
export function clear(place) {
  asked.delete(place);
  place.replaceChildren();
}

// A list of names with values, as tiles or lanes. Rows: [name, value, hint].
export function describe(list, rows) {
  keyed(list, rows, (row) => row[0],
    (row) => element("div", {}, element("dt", {}, row[0]), element("dd", {}), element("dd", {class: "muted"})),
    (child, [, value, hint]) => {
      setText(child.children[1], value);
      setText(child.children[2], hint ?? "");
    });
}

const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const tenth = new Intl.NumberFormat("en", {maximumFractionDigits: 1});
export const count = (value) => whole.format(value);
export const rate = (value) => (value === null || !Number.isFinite(value) ? "–" : tenth.format(value));
export const percent = (share) => `${whole.format(share * 100)} %`;

export function duration(ms) {
  if (ms < 1_000) return `${whole.format(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 120) return `${tenth.format(seconds)} s`;
  if (seconds < 7_200) return `${whole.format(seconds / 60)} min`;
  return `${tenth.format(seconds / 3_600)} h`;
}

export function clock(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return element("time", {datetime: time, title: time}, today ? at.toLocaleTimeString() : at.toLocaleString());
}

// Told to everybody, once: what a screen reader should say.
export function say(text) {
  byId("said").textContent = text;
}

const KINDS = {
  DELIVERED: "good", SENT: "good", FAILED_PERM: "bad", EXPIRED: "bad", UNKNOWN: "warn", FAILED_TEMP: "warn",
};
// A state in words; the colour only underlines it.
export function pill(text, kind) {
  return element("span", {class: `pill ${kind ?? KINDS[text] ?? ""}`}, text);
}

export function table(caption, heads, rows) {
  const head = heads.map((name) => element("th", {scope: "col"}, name));
  return element("div", {class: "scroll", tabindex: "0", role: "group", "aria-label": caption},
    element("table", {}, element("caption", {class: "hidden"}, caption), element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows)));
}
