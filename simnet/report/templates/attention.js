"use strict";
// Where attention looked: X above Y in one drawing; the patch chosen in X, its matches in Y.
(() => {
  const SPACE = "http://www.w3.org/2000/svg";
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const found = new Map(JSON.parse(document.getElementById("attention").textContent).map((one) => [one.id, one]));

  function draw(parent, kind, attributes) {
    const made = document.createElementNS(SPACE, kind);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return parent.appendChild(made);
  }

  // The strongest matches of a patch: [side picture, x, y, weight], in pixels and shares.
  function matches(entry, row, column) {
    const start = 4 * entry.most * (row * entry.columns + column);
    const all = Array.from({ length: entry.most }, (_, i) => entry.values.subarray(start + 4 * i, start + 4 * i + 4));
    return all.filter((one) => one[3] > 0).map(([side, x, y, weight]) => ({ side, x: x / 4, y: y / 4, weight: weight / 1e4 }));
  }

  function setUp(article) {
    const example = found.get(article.dataset.example);
    const [width, height] = example.size;
    const svg = article.querySelector("svg"), select = article.querySelector(".entry"), shade = article.querySelector(".shade");
    const said = article.querySelector(".said"), parts = article.querySelectorAll(".part");
    const gap = Math.round(height / 12);
    for (const entry of example.entries) {
      entry.values = new Int16Array(bytes(entry.matches));
      entry.shares = new Uint8Array(bytes(entry.trust));
    }
    const source = (name) => document.querySelector(`#${example.id}-${name} img`).src;
    const layer = { x: draw(svg, "image", { width, height, href: source("original") }), y: draw(svg, "image", {}) };
    layer.shade = draw(svg, "g", {});
    layer.marks = draw(svg, "g", {});
    let entry, row, column;

    function show() {
      const { patch, match } = entry, left = column * patch, top = row * patch;
      const own = { width: Math.min(patch, width - left), height: Math.min(patch, height - top) };
      const from = { x: left + own.width / 2, y: top + own.height / 2 };
      const list = matches(entry, row, column), most = Math.max(...list.map((one) => one.weight), 1e-9);
      layer.marks.replaceChildren();
      for (const one of list.slice().reverse()) {
        const opacity = 0.2 + 0.8 * one.weight / most, y = one.y + height + gap;
        draw(layer.marks, "line", { class: "line", x1: from.x, y1: from.y, x2: one.x, y2: y, "stroke-opacity": opacity / 2 });
        draw(layer.marks, "rect", { class: "match", x: one.x - match / 2, y: y - match / 2, width: match, height: match, "stroke-opacity": opacity });
      }
      draw(layer.marks, "rect", { class: "patch", x: left, y: top, ...own });
      const trust = entry.shares[row * entry.columns + column] / 255;
      const words = list.slice(0, 3).map((one) => `(${one.x.toFixed(1)}, ${one.y.toFixed(1)}) with ${(100 * one.weight).toFixed(0)} %`);
      said.textContent = `Patch at (${from.x.toFixed(0)}, ${from.y.toFixed(0)}): ${(100 * trust).toFixed(0)} % of the attention went to Y`
        + (words.length ? `; strongest matches ${words.join(", ")}.` : ".");
    }

    function shadeUntrusted() {
      layer.shade.replaceChildren();
      if (!shade.checked) return;
      entry.shares.forEach((share, i) => draw(layer.shade, "rect", {
        class: "untrusted", x: (i % entry.columns) * entry.patch, y: Math.floor(i / entry.columns) * entry.patch,
        width: entry.patch, height: entry.patch, "fill-opacity": 0.8 * (1 - share / 255),
      }));
    }

    function choose(y, x) {
      row = Math.max(0, Math.min(entry.rows - 1, y));
      column = Math.max(0, Math.min(entry.columns - 1, x));
      show();
    }

    function change() {
      const at = entry && { x: (column + 0.5) * entry.patch, y: (row + 0.5) * entry.patch };
      entry = example.entries[Number(select.value)];
      const [wide, tall] = example.sides[entry.offset];
      layer.y.setAttribute("href", source(`side-${entry.offset}`));
      for (const [name, value] of Object.entries({ y: height + gap, width: wide, height: tall })) layer.y.setAttribute(name, value);
      svg.setAttribute("viewBox", `0 0 ${Math.max(width, wide)} ${height + gap + tall}`);
      parts.forEach((part, i) => { part.hidden = i !== Number(select.value); });
      shadeUntrusted();
      choose(Math.floor((at ? at.y : height / 2) / entry.patch), Math.floor((at ? at.x : width / 2) / entry.patch));
    }

    svg.addEventListener("click", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      if (at.x >= 0 && at.x < width && at.y >= 0 && at.y < height) choose(Math.floor(at.y / entry.patch), Math.floor(at.x / entry.patch));
    });
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      choose(row + step[0], column + step[1]);
    });
    select.addEventListener("change", change);
    shade.addEventListener("change", shadeUntrusted);
    change();
  }

  document.querySelectorAll(".attention").forEach(setUp);
})();
