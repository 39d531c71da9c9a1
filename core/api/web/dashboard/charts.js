// Line charts of the last two minutes as SVG: no library, no animation.

const SPACE = "http://www.w3.org/2000/svg";
const WIDTH = 600;
const HEIGHT = 150;
const LEFT = 44;
const BOTTOM = 6;
const TOP = 12;
export const SAMPLES = 120;

function shape(name, attributes, text) {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// The next of 1, 2, 5, 10, 20 ... at or above: an axis that moves seldom.
export function ceiling(value) {
  if (!(value > 1)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

export class Chart {
  // `series`: names, drawn as lines of different dashes, so that colour is not needed to tell them apart.
  constructor(place, series) {
    this.series = series;
    this.samples = [];
    this.svg = shape("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img"});
    this.lines = series.map((_, i) => shape("path", {class: `line line-${i}`, fill: "none"}));
    this.labels = [0, 1, 2].map((i) => shape("text", {x: LEFT - 6, y: this.y(i / 2), class: "axis", "text-anchor": "end", dy: "0.35em"}));
    const grid = [0, 1, 2].map((i) => shape("line", {x1: LEFT, x2: WIDTH, y1: this.y(i / 2), y2: this.y(i / 2), class: "grid"}));
    this.svg.append(...grid, ...this.labels, ...this.lines);
    const legend = document.createElement("p");
    legend.className = "legend";
    series.forEach((name, i) => {
      const key = shape("svg", {viewBox: "0 0 24 6", class: "key", "aria-hidden": "true"});
      key.append(shape("line", {x1: 0, x2: 24, y1: 3, y2: 3, class: `line line-${i}`}));
      const entry = document.createElement("span");
      entry.append(key, ` ${name}`);
      legend.append(entry);
    });
    place.replaceChildren(this.svg, legend);
  }

  y(share) {
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
  }

  // One value for each series; null: not known.
  add(values) {
    this.samples.push(values);
    if (this.samples.length > SAMPLES) this.samples.shift();
    this.draw();
  }

  // A gap, for nobody knows how long.
  interrupt() {
    this.add(this.series.map(() => null));
  }

  draw() {
    const top = ceiling(Math.max(...this.samples.flat().map((value) => value ?? 0)));
    const first = SAMPLES - this.samples.length;
    this.lines.forEach((line, i) => {
      const points = this.samples.map((values, x) => (values[i] === null ? "" :
        `${(LEFT + ((first + x) / (SAMPLES - 1)) * (WIDTH - LEFT)).toFixed(1)},${this.y(values[i] / top).toFixed(1)}`));
      // The pen is lifted where a value is not known.
      line.setAttribute("d", points.map((point, x) => point && (points[x - 1] ? "L" : "M") + point).join(""));
    });
    this.labels.forEach((label, i) => { label.textContent = Intl.NumberFormat("en", {notation: "compact"}).format(top * i / 2); });
    const now = this.samples.at(-1);
    const words = this.series.map((name, i) => `${name} ${now[i] === null ? "unknown" : Math.round(now[i] * 10) / 10}`);
    this.svg.setAttribute("aria-label", `The last two minutes, up to ${top}. Now: ${words.join(", ")}.`);
  }
}
