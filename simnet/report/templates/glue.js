"use strict";
const root = document.documentElement;
const plots = JSON.parse(document.getElementById("plots").textContent);
const touch = matchMedia("(pointer: coarse)").matches;

// Text and grid follow the page's scheme; the traces' own colours are readable on both.
function template() {
  const css = getComputedStyle(root);
  const colour = (name) => css.getPropertyValue(name).trim();
  const axis = { gridcolor: colour("--grid"), zerolinecolor: colour("--soft"), linecolor: colour("--line"), tickcolor: colour("--line") };
  return {
    layout: {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", xaxis: axis, yaxis: axis,
      font: { color: colour("--text"), family: getComputedStyle(document.body).fontFamily, size: 12 },
      hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--line"), font: { color: colour("--text") } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--soft"), activecolor: colour("--accent") },
    },
  };
}

function draw() {
  const look = template();
  for (const { id, data, layout } of plots) {
    // On a touch screen a finger on a plot scrolls the page.
    const shown = { ...layout, template: look, ...(touch && { dragmode: false }) };
    Plotly.react(id, data, shown, { responsive: true, displaylogo: false, displayModeBar: !touch, modeBarButtons: [["toImage", "resetScale2d"]] });
  }
}

function onPaper(yes) {
  root.classList.toggle("paper", yes);
  draw();
  for (const { id } of plots) Plotly.relayout(id, yes ? { width: 680 } : { width: null, autosize: true });
}

draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
addEventListener("beforeprint", () => onPaper(true));
addEventListener("afterprint", () => onPaper(false));

document.addEventListener("click", (event) => {
  const zoom = event.target.closest(".zoom");
  if (zoom) zoom.setAttribute("aria-pressed", String(zoom.getAttribute("aria-pressed") !== "true"));
});

const copy = document.getElementById("copy");
copy?.addEventListener("click", async () => {
  await navigator.clipboard.writeText(document.getElementById("command").textContent);
  copy.textContent = "Copied";
});
