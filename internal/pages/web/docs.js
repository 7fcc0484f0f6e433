// Swagger UI on our own document, and a form that logs in. Tokens are in memory only: they are gone when the page is.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

// The introduction is for reading: who comes to try something finds the operations first.
function withoutIntroduction(spec) {
  spec.info.description = "Every operation, to try out. The [reference](/api/redoc) begins with an introduction.";
  return spec;
}

// Swagger UI fills in the examples of parameters. Those that may be left out would be wishes that nobody has: another tenant, a
// page that isn't there. They go to where they are only read.
function withoutWishes(spec) {
  const items = Object.values(spec.paths);
  const lists = [...items, ...items.flatMap((item) => Object.values(item))].map((holder) => holder.parameters ?? []);
  for (const parameter of [Object.values(spec.components.parameters), ...lists].flat()) {
    const example = parameter.example ?? parameter.schema?.example;
    if (!parameter.required && example !== undefined) {
      parameter.description = `${parameter.description ?? ""}\n\nSuch as \`${example}\``;
      delete parameter.example;
      delete parameter.schema?.example;
    }
  }
  return spec;
}

// Swagger UI puts a link into the button that opens an operation, where it has no use.
const plainNames = () => ({
  wrapComponents: { DeepLink: (_, { React }) => ({ text }) => React.createElement("span", null, text) },
});

// What Swagger UI lacks for those who hear the page or use the keyboard: names of its parts and fields, headings without a gap
// between their levels, and a way to scroll what is too wide.
const partNames = { ".information-container": "About", ".scheme-container": "Authorization", ".filter": "Filter" };
function mend(root) {
  for (const [selector, name] of Object.entries(partNames)) {
    for (const part of root.querySelectorAll(selector)) {
      part.setAttribute("role", "region");
      part.setAttribute("aria-label", name);
    }
  }
  for (const table of root.querySelectorAll("table[role=region]")) {
    table.setAttribute("role", "table");
  }
  for (const field of root.querySelectorAll("select:not([aria-label]), input:not([aria-label]), textarea:not([aria-label])")) {
    const parameter = field.closest("[data-param-name]")?.dataset.paramName;
    field.setAttribute("aria-label", parameter ?? (field.id === "servers" ? "Server" : field.placeholder || "Value"));
  }
  for (const heading of root.querySelectorAll("h3, h4, h5")) {
    heading.setAttribute("aria-level", heading.tagName[1] - 1);
  }
  for (const wide of root.querySelectorAll("pre")) {
    wide.tabIndex = 0;
  }
}

const root = document.getElementById("swagger-ui");
new MutationObserver(() => mend(root)).observe(root, { childList: true, subtree: true });

async function draw() {
  const response = await fetch("/api/openapi.json");
  return SwaggerUIBundle({
    spec: withoutWishes(withoutIntroduction(await response.json())),
    domNode: root,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [plainNames],
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    filter: true,
    validatorUrl: null, // no other host is asked whether the document is valid
  });
}

const login = document.getElementById("login");
const logout = document.getElementById("logout");
const said = document.getElementById("said");
const demo = document.getElementById("demo"); // null without demo data
const scheme = "bearerAuth";
let token = null;

const ui = draw();
ui.catch((error) => say(`The document can't be shown: ${error.message}`, "wrong"));

function show(isLoggedIn) {
  login.hidden = isLoggedIn;
  logout.hidden = !isLoggedIn;
  if (demo) {
    demo.hidden = isLoggedIn;
  }
}

function say(text, kind) {
  said.textContent = text;
  said.className = kind;
}

async function call(path, body, headers) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json, application/problem+json", ...headers },
    body: JSON.stringify(body),
  });
  const reply = response.status === 204 ? null : await response.json();
  if (!response.ok) {
    throw new Error(reply.detail);
  }
  return reply;
}

// during runs a step with the form's button disabled, and says what went wrong.
async function during(form, step) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await step();
  } catch (error) {
    say(error.message, "wrong");
  } finally {
    button.disabled = false;
  }
}

login.addEventListener("submit", (event) => {
  event.preventDefault();
  during(login, async () => {
    const data = new FormData(login);
    const reply = await call("/api/v1/auth/login", { email: data.get("email"), password: data.get("password") });
    token = reply.access_token;
    (await ui).preauthorizeApiKey(scheme, token);
    login.elements.password.value = "";
    show(true);
    const until = new Date(Date.now() + reply.expires_in * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    say(`Logged in as ${reply.user.full_name} (${reply.user.email}), until ${until}. “Try it out” sends your token now.`, "right");
    logout.querySelector("button").focus();
  });
});

logout.addEventListener("submit", (event) => {
  event.preventDefault();
  during(logout, async () => {
    const ended = token;
    token = null;
    (await ui).authActions.logout([scheme]);
    show(false);
    say("Logged out.", "");
    login.elements.email.focus();
    await call("/api/v1/auth/logout", {}, { Authorization: `Bearer ${ended}` });
  });
});

for (const button of document.querySelectorAll("[data-email]")) {
  button.addEventListener("click", () => {
    login.elements.email.value = button.dataset.email;
    login.elements.password.value = button.dataset.password;
    login.requestSubmit();
  });
}
