"use strict";
const parsed = (id) => JSON.parse(document.getElementById(id).textContent);
const choices = parsed("choices");
const kept = parsed("kept");
const byId = (id) => document.getElementById(id);
const every = (selector) => [...document.querySelectorAll(selector)];
// The lowest bandwidth is often one at which nothing comes in time: the middle one says more.
const state = { setting: Math.floor(kept.settings.length / 2), stream: 0 };

// --- what is shown ---
function view() { return `${byId("case")?.value ?? 0}-${byId("stream")?.value ?? 0}`; }

function show() {
  for (const it of every("[data-view]")) it.hidden = it.dataset.view !== view();
  const anchor = byId("anchor")?.value ?? "0";
  for (const it of every("[data-anchor]")) it.hidden = it.dataset.anchor !== anchor;
  for (const plot of plots) {
    const found = choices[plot.id]?.[view()];
    const chosen = found?.[Math.min(state.setting, found.length - 1)] ?? { data: [], layout: plot.layout, alt: "Nothing to show." };
    plot.data = chosen.data;
    plot.layout = chosen.layout;
    const canvas = byId(plot.id);
    canvas.setAttribute("aria-label", chosen.alt);
    canvas.style.minHeight = `${chosen.layout.height}px`;
  }
  draw();
}

for (const id of ["case", "stream", "anchor"]) byId(id)?.addEventListener("change", show);
function slide(setting) {
  state.setting = setting;
  for (const input of every(".setting")) input.value = setting;
  for (const it of every(".where")) it.value = kept.settings[setting][1];
  show();
  pictures();
}

for (const input of every(".setting")) input.addEventListener("input", () => slide(Number(input.value)));

// --- pictures ---
function element(tag, attributes, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

function picture(title, source, words, it) {
  const figure = element("figure");
  if (source) {
    const image = element("img", { src: source, alt: `${it.stream}, ${title}: ${words}`, width: it.width, height: it.height });
    const button = element("button", { type: "button", className: "zoom", ariaLabel: `Enlarge ${title}` }, image);
    button.setAttribute("aria-pressed", "false");
    figure.append(button);
  } else {
    const empty = element("div", { className: "absent" }, words ? "grey: no picture yet" : "no cell");
    if (words) empty.classList.add("grey");
    empty.style.aspectRatio = `${it.width} / ${it.height}`;
    figure.append(empty);
  }
  figure.append(element("figcaption", {}, element("b", {}, title), words));
  return figure;
}

function pictures() {
  const it = kept.streams[state.stream];
  if (!it) return;
  const here = it.shown[kept.settings[state.setting][0]] ?? {};
  byId("picture-words").textContent = `Frame ${it.sequence} of seed ${it.seed}, ${kept.settings[state.setting][1]}`;
  byId("picture-grid").replaceChildren(
    picture("original", it.original, "as captured", it),
    ...kept.curves.map((curve) => picture(curve, here[curve]?.[0], here[curve]?.[1] ?? "", it)),
  );
  wipe();
}

// What a receiver shows that has no picture yet.
const GREY = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><path fill="#808080" d="M0 0h2v1H0z"/></svg>')}`;

function wipe() {
  const it = kept.streams[state.stream];
  const here = it.shown[kept.settings[state.setting][0]] ?? {};
  const source = (name) => (name === "original" ? it.original : here[name]?.[0]);
  const both = [byId("wipe-left").value, byId("wipe-right").value];
  ["wipe-under", "wipe-over"].forEach((id, index) => {
    const image = byId(id);
    image.width = it.width;
    image.height = it.height;
    image.alt = both[index];
    image.src = source(both[index]) ?? GREY;
  });
  const grey = [...new Set(both.filter((name) => !source(name)))];
  byId("wipe-words").textContent = grey.length ? `Grey: no picture of ${grey.join(" and ")}.` : "";
}

if (kept.streams.length) {
  const names = ["original", ...kept.curves];
  for (const [id, chosen] of [["wipe-left", names[1]], ["wipe-right", names[2] ?? "original"]]) {
    byId(id).append(...names.map((name) => element("option", { value: name, textContent: name })));
    byId(id).value = chosen;
    byId(id).addEventListener("change", wipe);
  }
  byId("wipe-at").addEventListener("input", (event) => byId("wipe").style.setProperty("--at", `${event.target.value}%`));
  byId("picture-stream").addEventListener("change", (event) => { state.stream = Number(event.target.value); pictures(); });
}

// --- files to take along ---
function save(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function field(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const plain = (text) => new DOMParser().parseFromString(String(text), "text/html").body.textContent;

// A figure's very data. A row a point; a column of one name serves all curves that have it.
function csv(plot) {
  const columns = ["curve"];
  const rows = [];
  for (const trace of plot.data) {
    if (trace.meta?.skip) continue;
    const names = trace.meta.columns;
    for (const name of names) if (name && !columns.includes(name)) columns.push(name);
    trace.x.forEach((x, index) => {
      const values = [x, trace.y?.[index], ...(trace.customdata?.[index] ?? [])];
      const row = { curve: plain(trace.name) };
      names.forEach((name, at) => { if (name) row[name] = typeof values[at] === "string" ? plain(values[at]) : values[at]; });
      rows.push(row);
    });
  }
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))].map((line) => line.map(field).join(",")).join("\n") + "\n";
}

async function png(plot) {
  const look = template();
  const ground = getComputedStyle(root).getPropertyValue("--card").trim();
  const layout = { ...plot.layout, template: look, title: { text: byId(plot.id).parentElement.querySelector("h3").textContent }, paper_bgcolor: ground, plot_bgcolor: ground };
  layout.margin = { ...plot.layout.margin, t: 90 };
  const uri = await Plotly.toImage({ data: plot.data, layout }, { format: "png", width: 900, height: plot.layout.height + 90, scale: 2 });
  const bytes = Uint8Array.from(atob(uri.split(",")[1]), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}

document.addEventListener("click", async (event) => {
  const { csv: asCsv, png: asPng } = event.target.dataset ?? {};
  const plot = plots.find(({ id }) => id === (asCsv ?? asPng));
  if (!plot) return;
  const name = plot.id.replace("plot-", "");
  if (asCsv) save(`${name}.csv`, new Blob([csv(plot)], { type: "text/csv" }));
  else save(`${name}.png`, await png(plot));
});

byId("all-rows").addEventListener("click", async () => {
  const bytes = Uint8Array.from(atob(byId("rows").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  save("table.csv", new Blob([await new Response(stream).arrayBuffer()], { type: "text/csv" }));
});

// Last: a browser that comes back to the page may remember other choices.
slide(state.setting);
