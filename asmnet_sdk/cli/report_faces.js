
/* Filters and histogram of the faces. */

const form = document.querySelector("#controls");
const faceRows = [...(table?.tBodies[0].rows ?? [])];

/** A figure of a face; NaN where the model does not tell it. */
function figureOf(row, title) {
  const { value } = row.querySelector(`[data-label="${title}"]`).dataset;
  return value === "" ? NaN : Number(value);
}

function isWithin(row, bound) {
  if (bound.value === "") return true;
  const figure = figureOf(row, bound.dataset.figure);
  return bound.dataset.bound === "low" ? figure >= bound.value : figure <= bound.value;
}

function applyFilters() {
  const bounds = [...form.querySelectorAll("[data-bound]")];
  const part = form.querySelector("#name-filter").value.toLowerCase();
  for (const row of faceRows) {
    const isNamed = row.cells[0].dataset.value.toLowerCase().includes(part);
    row.hidden = !(isNamed && bounds.every((bound) => isWithin(row, bound)));
  }
  const shown = faceRows.filter((row) => !row.hidden).length;
  form.querySelector("#count").value = `${shown} of ${faceRows.length} faces shown`;
  drawHistogram();
}

/** Place round numbers so that about sixteen steps cover the figures. */
function binsOf(figures) {
  const [low, high] = [Math.min(...figures), Math.max(...figures)];
  const rough = Math.max((high - low) / 16, 1e-3);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const start = Math.floor(low / step) * step;
  const count = Math.floor((high - start) / step + 1e-9) + 1;
  return { start, step, count, digits: Math.max(0, -Math.floor(Math.log10(step))) };
}

function heightsOf(rows, title, { start, step, count }) {
  const heights = new Array(count).fill(0);
  for (const figure of rows.map((row) => figureOf(row, title)).filter(Number.isFinite)) {
    heights[Math.min(count - 1, Math.floor((figure - start) / step + 1e-9))] += 1;
  }
  return heights;
}

function svg(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function drawHistogram() {
  const title = form.querySelector("#histogram-figure").value;
  const chart = form.querySelector("#histogram");
  const figures = faceRows.map((row) => figureOf(row, title)).filter(Number.isFinite);
  chart.replaceChildren();
  chart.setAttribute("aria-label", `No face has ${title}`);
  if (figures.length === 0) return;
  const bins = binsOf(figures);
  const all = heightsOf(faceRows, title, bins);
  const shown = heightsOf(faceRows.filter((row) => !row.hidden), title, bins);
  const highest = Math.max(...all);
  const width = 400 / bins.count;
  const edge = (index) => (bins.start + index * bins.step).toFixed(bins.digits);
  all.forEach((number, index) => {
    for (const [count, kind] of [[number, "all"], [shown[index], "shown"]]) {
      const height = (90 * count) / highest;
      chart.append(svg("rect", {
        class: kind, x: index * width + 1, y: 110 - height, width: width - 2, height,
      }));
    }
    if (number) {
      chart.append(svg("text", {
        class: "number", x: (index + 0.5) * width, y: 106 - (90 * number) / highest,
      }, shown[index] === number ? number : `${shown[index]}/${number}`));
    }
  });
  const every = Math.ceil(bins.count / 8);
  for (let index = 0; index < bins.count; index += every) {
    chart.append(svg("text", { class: "edge", x: index * width + 1, y: 125 }, edge(index)));
  }
  const parts = all.map((number, index) => `${number} from ${edge(index)} to ${edge(index + 1)}`);
  chart.setAttribute("aria-label", `Faces by ${title}: ${parts.join(", ")}`);
}

if (form) {
  form.hidden = false;
  form.addEventListener("input", applyFilters);
  form.addEventListener("reset", () => setTimeout(applyFilters));
  form.addEventListener("submit", (event) => event.preventDefault());
  applyFilters();
}
