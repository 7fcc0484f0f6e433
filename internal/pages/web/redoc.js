// ReDoc on our own document, in the colours of the pages.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");

// ReDoc takes colours only once, and can't read variables.
function theme() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ground", "paper", "ink", "faint", "line", "accent", "good", "fair", "bad"];
  const [ground, paper, ink, faint, line, accent, good, fair, bad] = names.map((name) => style.getPropertyValue("--" + name).trim());
  const font = getComputedStyle(document.body).fontFamily;
  return {
    colors: {
      primary: { main: accent },
      success: { main: good },
      error: { main: bad },
      warning: { main: fair },
      responses: {
        success: { color: good, backgroundColor: paper },
        error: { color: bad, backgroundColor: paper },
        redirect: { color: faint, backgroundColor: paper },
        info: { color: faint, backgroundColor: paper },
      },
      text: { primary: ink, secondary: faint },
      border: { dark: line, light: line },
      gray: { 50: paper, 100: line },
    },
    schema: { nestedBackground: ground, linesColor: line, typeNameColor: faint, typeTitleColor: ink, requireLabelColor: bad },
    typography: { fontFamily: font, headings: { fontFamily: font }, links: { color: accent }, code: { backgroundColor: ground, color: ink } },
    sidebar: { backgroundColor: paper, textColor: ink, activeTextColor: accent },
    rightPanel: { backgroundColor: dark.matches ? "#0d1017" : "#1f2633" },
  };
}

// Whoever uses the keyboard can scroll what is too wide, and headings leave no level out.
function mend(root) {
  for (const wide of root.querySelectorAll("pre")) {
    wide.tabIndex = 0;
  }
  for (const heading of root.querySelectorAll("h5")) {
    heading.setAttribute("aria-level", 3);
  }
}

const root = document.getElementById("redoc");
new MutationObserver(() => mend(root)).observe(root, { childList: true, subtree: true });

function draw() {
  Redoc.init("/api/openapi.json", { theme: theme(), hideDownloadButton: false, scrollYOffset: 0 }, root);
}

dark.addEventListener("change", () => location.reload());
draw();
