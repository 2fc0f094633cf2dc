// Light or dark: what the system says, until a person chooses. The documentation's theme keeps the choice under the
// same key, so that it holds for all pages. Loaded in the head, so that no page flashes in the other colours.
"use strict";

const theme = (() => {
  const KEY = "theme";
  const CHOICES = ["auto", "light", "dark"];
  const system = matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      const found = localStorage.getItem(KEY);
      return CHOICES.includes(found) ? found : "auto";
    } catch {
      return "auto"; // a browser may refuse storage to a page of the file system
    }
  }

  let choice = stored();

  function dark() {
    return choice === "auto" ? system.matches : choice === "dark";
  }

  function apply() {
    document.documentElement.dataset.theme = dark() ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("themechange"));
  }

  function label(button) {
    const next = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    const names = { auto: "as the system", light: "light", dark: "dark" };
    button.textContent = { auto: "◐", light: "☀", dark: "☾" }[choice];
    button.setAttribute("aria-label", `Colours: ${names[choice]}; change to ${names[next]}`);
    button.title = `Colours: ${names[choice]}`;
  }

  function change(button) {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // the choice then holds for this page alone
    }
    label(button);
    apply();
  }

  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    label(button);
    button.addEventListener("click", () => change(button));
  });
  apply();

  return {
    // Value of a custom property of site.css, such as colour("--ink").
    colour: (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim(),
    dark,
  };
})();
