// Three linked views of the observations, drawn by Vega-Lite. Loads nothing from anywhere.

async function unpack(id) {
  const base64 = document.getElementById(id).textContent;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const address = URL.createObjectURL(new Blob([await unpack("library")], { type: "text/javascript" }));
await import(address); // sets window.vegaEmbed
URL.revokeObjectURL(address);

const data = JSON.parse(await unpack("data"));
const records = ({ columns, rows }) =>
  rows.map((row) => Object.fromEntries(columns.map((name, place) => [name, row[place]])));
const series = records(data.series);
const gains = records(data.gains);
const correlations = records(data.correlations);

const ALL = "all";
const unique = (values) => [...new Set(values)];
const name = (code) => data.languages[code] ?? code;
const models = unique(series.map((row) => row.model)).sort();
const languages = unique(series.map((row) => row.language)).map(name).sort();
const methods = Object.keys(data.methods).filter((method) => series.some((row) => row.method === method));
const deepest = Math.max(...series.map((row) => row.alignment.length)) - 1;

// choices

const choices = {
  task: Object.entries(data.tasks),
  method: [...methods.map((method) => [method, data.methods[method]]), [ALL, "all methods"]],
  model: [[ALL, "all models"], ...models.map((model) => [model, model])],
  measure: data.measures.map((measure) => [measure, measure]),
  direction: [["forward", "source to target"], ["backward", "target to source"]],
  moment: [["before", "before fine-tuning"], ["after", "after fine-tuning"]],
  layer: [["last", "last"], ["penultimate", "last but one"],
    ...Array.from({ length: deepest + 1 }, (_, layer) => [String(layer), layer === 0 ? "0 (embeddings)" : String(layer)])],
};
const chosen = {};
const form = document.getElementById("choices");
for (const [key, options] of Object.entries(choices)) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.name = key;
  select.append(...options.map(([value, said]) => new Option(said, value)));
  label.append(key, select);
  form.append(label);
  chosen[key] = options[0][0];
  select.addEventListener("change", () => {
    chosen[key] = select.value;
    show();
  });
}

form.elements.task.value = chosen.task = (series.find((row) => row.transfer !== null) ?? series[0]).task;

const fits = (row, ...keys) => keys.every((key) => chosen[key] === ALL || row[key] === chosen[key]);
const layerOf = (curve) =>
  ({ last: curve.length - 1, penultimate: curve.length - 2 })[chosen.layer] ?? Number(chosen.layer);

// what each view shows, before the others filter it

function points() {
  return series
    .filter((row) => fits(row, "task", "method", "model", "measure", "direction", "moment"))
    .filter((row) => row.transfer !== null && row.alignment[layerOf(row.alignment)] !== undefined)
    .map((row) => ({
      model: row.model, method: data.methods[row.method], language: name(row.language), seed: String(row.seed),
      layer: layerOf(row.alignment), alignment: row.alignment[layerOf(row.alignment)],
      transfer: 100 * row.transfer, score: 100 * row.score,
    }));
}

function layers() {
  const means = new Map();
  for (const row of series.filter((row) => fits(row, "task", "method", "model", "measure", "direction"))) {
    row.alignment.forEach((alignment, layer) => {
      const about = {
        model: row.model, method: data.methods[row.method], language: name(row.language), moment: row.moment, layer,
      };
      const key = JSON.stringify(about);
      const mean = means.get(key) ?? { ...about, curve: JSON.stringify({ ...about, layer: null }), sum: 0, seeds: 0 };
      mean.sum += alignment;
      mean.seeds += 1;
      means.set(key, mean);
    });
  }
  return [...means.values()].map((row) => ({ ...row, alignment: row.sum / row.seeds }));
}

function gained() {
  const method = chosen.method === methods[0] ? ALL : chosen.method; // nothing gains over itself
  return gains
    .filter((row) => fits(row, "task", "model") && (method === ALL || row.method === method))
    .map((row) => ({
      model: row.model, method: data.methods[row.method], language: name(row.language),
      row: `${data.methods[row.method]}, ${row.model}`,
      gain: 100 * row.gain, low: 100 * row.low, high: 100 * row.high,
    }));
}

// how they look: as the figures do, colour and shape are languages or methods, and how points are filled is the model

const SIGNS = {
  circle: "●", square: "■", diamond: "◆", "triangle-up": "▲", "triangle-down": "▼", cross: "✚", "triangle-left": "◀",
  "triangle-right": "▶",
};
const SHAPES = Object.keys(SIGNS);
const cycle = (values, domain) => domain.map((_, place) => values[place % values.length]);
const scale = (values, domain) => ({ domain, range: cycle(values, domain) });
const languageLook = { color: scale(data.colors, languages), shape: scale(SHAPES, languages) };
const labels = methods.slice(1).map((method) => data.methods[method]);
const methodLook = { color: scale(data.colors, labels), shape: scale(SHAPES, labels) };
const FILLINGS = { filled: 0.9, open: 0, shaded: 0.45, "lightly shaded": 0.2 };
const filling = models.length > 1
  ? { field: "model", type: "ordinal", scale: scale(Object.values(FILLINGS), models) } : { value: FILLINGS.filled };
const filled = cycle(Object.keys(FILLINGS), models).map((said, place) => `${said}: ${models[place]}`).join(", ");
const look = (field, { color, shape }) => ({
  stroke: { field, type: "nominal", scale: color },
  shape: { field, type: "nominal", scale: shape },
  fill: { field, type: "nominal", scale: color },
});
const tip = (...fields) =>
  fields.map((field) => ({ field, type: "nominal", ...NUMBERS[field] }));
const NUMBERS = {
  alignment: { type: "quantitative", format: ".3f" },
  transfer: { type: "quantitative", format: ".1f", title: "transfer, %" },
  score: { type: "quantitative", format: ".1f", title: "score, %" },
  gain: { type: "quantitative", format: "+.1f", title: "gain, points" },
  low: { type: "quantitative", format: "+.1f" },
  high: { type: "quantitative", format: "+.1f" },
  layer: { type: "quantitative", format: "d" },
};
const config = {
  font: "system-ui, sans-serif", axis: { labelFontSize: 12, titleFontSize: 12, gridColor: "#eee" }, view: { stroke: null },
  legend: { disable: true },
};
const shared = { width: "container", autosize: { type: "fit", contains: "padding" }, config };
const brush = { name: "brush", select: "interval" };

const specs = {
  points: {
    ...shared, height: 460, data: { name: "rows" },
    params: [brush],
    mark: { type: "point", size: 70, strokeWidth: 1.5 },
    encoding: {
      x: { field: "alignment", type: "quantitative", scale: { zero: false, nice: true }, title: "alignment" },
      y: { field: "transfer", type: "quantitative", scale: { zero: false, nice: true },
        title: "transfer (change from the source score, %)" },
      ...look("language", languageLook),
      fillOpacity: filling,
      tooltip: tip("language", "model", "method", "seed", "layer", "alignment", "transfer", "score"),
    },
  },
  layers: {
    ...shared, height: 240, data: { name: "rows" },
    layer: [
      { data: { name: "layer" }, mark: { type: "rule", color: "#999", strokeWidth: 1 },
        encoding: { x: { field: "layer", type: "quantitative" }, y: null, color: null, shape: null, strokeDash: null } },
      { mark: { type: "line", strokeWidth: 1.5 }, encoding: { detail: { field: "curve" } } },
      { params: [brush], mark: { type: "point", size: 25, filled: true, opacity: 0.9 },
        encoding: { tooltip: tip("language", "model", "method", "moment", "layer", "alignment") } },
    ],
    encoding: {
      x: { field: "layer", type: "quantitative", title: "layer", axis: { tickMinStep: 1, format: "d" } },
      y: { field: "alignment", type: "quantitative", title: "alignment" },
      color: { field: "language", type: "nominal", scale: languageLook.color },
      shape: { field: "language", type: "nominal", scale: languageLook.shape },
      strokeDash: { field: "moment", type: "nominal", scale: { domain: ["before", "after"], range: [[4, 3], [1, 0]] } },
    },
  },
  gains: {
    ...shared, height: 300, data: { name: "rows" },
    encoding: {
      y: { field: "language", type: "nominal", title: null, scale: { paddingInner: 0.35 } },
      yOffset: { field: "row", type: "nominal" },
      color: { field: "method", type: "nominal", scale: methodLook.color },
    },
    layer: [
      { mark: { type: "rule", color: "#999", strokeWidth: 1 }, encoding: { x: { datum: 0 }, y: null, yOffset: null, color: { value: "#999" } } },
      { mark: "rule", encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
      { params: [brush], mark: { type: "point", size: 50, strokeWidth: 1.5 },
        encoding: {
          x: { field: "gain", type: "quantitative", title: "gain over the baseline, points" },
          color: { field: "method", type: "nominal", scale: methodLook.color },
          shape: { field: "method", type: "nominal", scale: methodLook.shape },
          fill: { field: "method", type: "nominal", scale: methodLook.color },
          fillOpacity: filling,
          tooltip: tip("language", "model", "method", "gain", "low", "high"),
        } },
    ],
  },
};

// drawing a box in a view keeps its models and languages in the others

const rowsOf = { points, layers, gains: gained };
const brushed = {};
const views = {};
const keyOf = (row) => `${row.model}\n${row.language}`;

function inside(row, box) {
  return Object.entries(box).every(([field, range]) =>
    typeof range[0] === "number" ? row[field] >= Math.min(...range) && row[field] <= Math.max(...range)
      : range.includes(row[field]));
}

function kept(view) {
  const others = Object.entries(brushed).filter(([other, keys]) => other !== view && keys);
  return rowsOf[view]().filter((row) => others.every(([, keys]) => keys.has(keyOf(row))));
}

async function draw(view) {
  const rows = kept(view);
  views[view].data("rows", rows);
  if (view === "gains") views[view].height(Math.min(1600, 90 + 13 * rows.length));
  if (view === "layers") views[view].data("layer", unique(points().map((row) => row.layer)).map((layer) => ({ layer })));
  await views[view].resize().runAsync();
  document.getElementById(view).dataset.rows = rows.length;
}

async function show() {
  for (const view of Object.keys(specs)) await draw(view);
  document.getElementById("correlation").textContent = correlation();
  document.documentElement.dataset.chosen = JSON.stringify(chosen);
}

function correlation() {
  const count = `${kept("points").length} points (${filled})`;
  if (Object.values(brushed).some(Boolean)) return `${count}; correlations are of all points.`;
  const row = correlations.find((row) => row.position === chosen.layer &&
    ["task", "method", "model", "measure", "direction", "moment"].every((key) => row[key] === chosen[key]));
  if (!row || row.rho === null) return `${count}.`;
  const [rho, low, high] = [row.rho, row.low, row.high].map((number) => number === null ? "?" : number.toFixed(2));
  const p = row.p === null ? "" : `, p = ${Number(row.p.toPrecision(2))} (languages permuted)`;
  return `${count}. Spearman's ρ = ${rho} [${low}, ${high}]${p}, from correlations.csv.`;
}

const options = {
  mode: "vega-lite", renderer: "svg", logLevel: 1, // errors: a view without points is no reason to warn
  actions: { export: true, source: false, compiled: false, editor: false },
};
for (const [view, spec] of Object.entries(specs)) {
  const datasets = { rows: rowsOf[view](), layer: [{ layer: 0 }] };
  const made = await window.vegaEmbed(`#${view}`, { ...spec, datasets }, options);
  views[view] = made.view;
  let waiting;
  made.view.addSignalListener("brush", (_, box) => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const drawn = Object.keys(box ?? {}).length > 0;
      brushed[view] = drawn ? new Set(rowsOf[view]().filter((row) => inside(row, box)).map(keyOf)) : null;
      for (const other of Object.keys(specs)) if (other !== view) await draw(other);
      document.getElementById("correlation").textContent = correlation();
    }, 60);
  });
}
function legend(id, names, { color, shape }) {
  const entries = names.map((name, place) => {
    const [entry, sign] = [document.createElement("span"), document.createElement("span")];
    sign.style.color = color.range[place];
    sign.textContent = SIGNS[shape.range[place]];
    entry.append(sign, ` ${name}`);
    return entry;
  });
  document.getElementById(id).replaceChildren(...entries);
}
legend("languages", languages, languageLook);
legend("methods", labels, methodLook);
document.getElementById("interval").textContent = `Bars are ${data.confidence} intervals; ${filled}.`;
if (!gains.length) document.getElementById("gains").closest("section").hidden = true;
await show();
document.documentElement.dataset.ready = "true";
