// ReDoc on our own document, in the colours of the pages.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");

// ReDoc takes colours only once, and can't read variables.
function theme() {
  const style = getComputedStyle(document.documentElement);
  const [ground, paper, ink, faint, line, accent] = ["ground", "paper", "ink", "faint", "line", "accent"].map((name) => style.getPropertyValue("--" + name).trim());
  const font = getComputedStyle(document.body).fontFamily;
  return {
    colors: {
      primary: { main: accent },
      text: { primary: ink, secondary: faint },
      border: { dark: line, light: line },
      gray: { 50: paper, 100: line },
    },
    schema: { nestedBackground: ground, linesColor: line, typeNameColor: faint, typeTitleColor: ink, requireLabelColor: style.getPropertyValue("--bad").trim() },
    typography: { fontFamily: font, headings: { fontFamily: font }, links: { color: accent }, code: { backgroundColor: ground, color: ink } },
    sidebar: { backgroundColor: paper, textColor: ink, activeTextColor: accent },
    rightPanel: { backgroundColor: dark.matches ? "#0d1017" : "#1f2633" },
  };
}

function draw() {
  Redoc.init("/api/openapi.json", { theme: theme(), hideDownloadButton: false, scrollYOffset: 0 }, document.getElementById("redoc"));
}

dark.addEventListener("change", () => location.reload());
draw();
