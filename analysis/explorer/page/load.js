// The library comes packed in the page; it is unpacked by the browser and asks no other host.
"use strict";
const byId = (name) => document.getElementById(name);
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function unpack(element) {
  const packed = new Blob([bytesOf(element.textContent.trim())]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text();
}

async function loadLibrary() {
  const script = document.createElement("script");
  script.textContent = await unpack(byId("library"));
  document.head.append(script);
}

const floats = (text) => new Float32Array(bytesOf(text).buffer);
const integers = (text) => new Uint16Array(bytesOf(text).buffer);
const dark = matchMedia("(prefers-color-scheme: dark)");
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
// Okabe and Ito's palette, by index or degree; what is beyond it begins again.
const PALETTE = ["#0072b2", "#e69f00", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"];
const ofIndex = (k) => PALETTE[k % PALETTE.length];
const short = (value) => value.toFixed(4).replace("-", "−");

// Charts are laid out alike; `axes` is what differs.
function layoutOf(axes) {
  const line = { gridcolor: color("rule"), zerolinecolor: color("rule"), linecolor: color("soft"), fixedrange: true };
  return {
    margin: MARGIN, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: color("ink"), size: 12 },
    dragmode: false, hovermode: "closest", showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    ...axes, xaxis: { ...line, ...axes.xaxis }, yaxis: { ...line, ...axes.yaxis },
  };
}
const MARGIN = { l: 58, r: 12, t: 34, b: 42 };
const CONFIG = { responsive: true, displayModeBar: false };
