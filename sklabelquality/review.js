"use strict";
// Shows one sample at a time, and keeps answers in the browser as they are given.

const review = JSON.parse(document.getElementById("data").textContent);
const items = review.items;
const itemOf = new Map(items.map((item) => [item.position, item]));
const storageKey = "sklabelquality review " + review.id;
const element = (id) => document.getElementById(id);
const past = [];  // positions and answers before each change, to undo
let current = 0;
let isAtEnd = false;  // after the last sample was answered, keys answer nothing

// An answer is {answer: "right" | "wrong" | "unsure", correct: string or null}.
const answers = new Map();

// -- storage -----------------------------------------------------------------

function warn(id, text) {
  element(id).textContent = text;
  element(id).hidden = !text;
}

function readStorage() {
  try {
    return JSON.parse(localStorage.getItem(storageKey) || "{}");
  } catch (error) {
    if (error instanceof SyntaxError) localStorage.removeItem(storageKey);
    else throw error;
    return {};
  }
}

// The answer that the page came with.
function recorded(item) {
  return JSON.stringify([item.answer, item.correct]);
}

function load() {
  answers.clear();
  for (const item of items) {
    if (item.answer) answers.set(item.position, { answer: item.answer, correct: item.correct });
  }
  try {
    const kept = readStorage();
    for (const item of items) {
      const entry = kept[item.position];
      // What was recorded since then goes before what the browser keeps.
      if (!entry || entry.recorded !== recorded(item)) continue;
      if (entry.answer) answers.set(item.position, { answer: entry.answer, correct: entry.correct });
      else answers.delete(item.position);
    }
  } catch (error) {
    warn("storage-warning", "This browser keeps no answers: save them as a file before you close the page.");
  }
}

function keep(positions) {
  try {
    const kept = readStorage();  // another window may have kept answers since
    for (const position of positions) {
      const item = itemOf.get(position);
      kept[position] = { answer: null, correct: null, ...answers.get(position), recorded: recorded(item) };
    }
    localStorage.setItem(storageKey, JSON.stringify(kept));
  } catch (error) {
    warn("storage-warning", "Answers are not kept by the browser: save them as a file before you close the page.");
  }
}

// -- showing -----------------------------------------------------------------

function showContent(content) {
  const place = element("content");
  place.replaceChildren();
  place.scrollTop = 0;
  place.hidden = !content;
  if (!content) return;
  if (content.kind === "text") {
    const text = document.createElement("pre");
    text.textContent = content.text;
    place.append(text);
  } else if (content.kind === "image") {
    const image = document.createElement("img");
    image.src = content.src;
    image.alt = "The sample";
    place.append(image);
  } else {
    const table = document.createElement("table");
    for (const [name, value, unusual] of content.rows) {
      const row = table.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      row.append(head);
      row.insertCell().textContent = unusual ? value + " (unusual)" : value;
      if (unusual) row.className = "unusual";
    }
    place.append(table);
  }
  place.tabIndex = content.kind === "image" ? -1 : 0;  // so that long ones scroll by keys
}

// A disabled button would lose the focus.
function disable(id, isDisabled) {
  element(id).setAttribute("aria-disabled", String(isDisabled));
}

function show() {
  const item = items[current];
  const given = answers.get(item.position);
  element("name").textContent = "Sample " + (current + 1) + " of " + items.length + ": " + item.name;
  showContent(item.content);
  element("given").textContent = item.given === null ? "not known" : item.given;
  hideSuggestion();
  element("suggestion-line").hidden = item.predicted === null;
  document.querySelector("fieldset").hidden = item.given === null;
  const said = element("answer");
  said.className = given ? given.answer : "";
  said.textContent = !given ? "" : "You said: " + given.answer + (given.correct !== null ? ", it is " + given.correct : "");
  for (const button of document.querySelectorAll("button[data-answer]")) {
    button.setAttribute("aria-pressed", String(Boolean(given) && given.answer === button.dataset.answer));
  }
  for (const button of document.querySelectorAll("button[data-class]")) {
    button.setAttribute("aria-pressed", String(Boolean(given) && given.correct === button.dataset.class));
  }
  disable("back", current === 0);
  disable("next", current === items.length - 1);
  disable("undo", past.length === 0);
  const done = items.filter((other) => answers.has(other.position)).length;
  element("progress").textContent = done + " done, " + (items.length - done) + " to go";
  element("bar").value = done / items.length;
  element("result").textContent = done === items.length ? summary() : "";
  // For screen readers, which do not see that another sample is there.
  const text = item.content && item.content.kind === "text" ? " " + item.content.text : "";
  const parts = [element("name").textContent, "Given label: " + element("given").textContent, said.textContent];
  element("announcement").textContent = parts.filter(Boolean).join(". ") + "." + text;
}

function summary() {
  const words = ["All labels have an answer."];
  const strata = {};
  const drawn = items.filter((other) => other.is_drawn === "drawn");
  for (const item of drawn) {
    const stratum = (strata[item.stratum] ||= { size: item.stratum_size, n: 0, wrong: 0 });
    stratum.n += 1;
    stratum.wrong += { right: 0, unsure: 0.5, wrong: 1 }[answers.get(item.position).answer];
  }
  const parts = Object.values(strata);
  if (parts.length) {
    const total = parts.reduce((sum, part) => sum + part.size, 0);
    const wrong = parts.reduce((sum, part) => sum + (part.size * part.wrong) / part.n, 0);
    words.push("About " + ((100 * wrong) / total).toFixed(1) + " % of all labels are wrong; error_rate() gives the interval.");
  } else {
    const wrong = items.filter((item) => answers.get(item.position).answer === "wrong").length;
    words.push(wrong + " of these " + items.length + " are wrong.");
  }
  const open = items.filter((item) => {
    const { answer, correct } = answers.get(item.position);
    return answer === "wrong" && correct === null;
  });
  if (open.length) words.push("For " + open.length + " of the wrong ones it is not said what is correct.");
  words.push("Save the answers as a file now.");
  return words.join(" ");
}

// -- answering ---------------------------------------------------------------

function change(position, answer) {
  past.push([position, answers.get(position)]);
  if (answer) answers.set(position, answer);
  else answers.delete(position);
}

function say(answer, correct = null) {
  const { position } = items[current];
  change(position, { answer, correct });
  keep([position]);
  if (current < items.length - 1) current += 1;
  else isAtEnd = true;
  show();
}

// A label that was typed is one of the classes, whatever its case.
function labelOf(typed) {
  const text = typed.trim();
  const alike = review.classes.filter((name) => name.toLowerCase() === text.toLowerCase());
  return review.classes.includes(text) || alike.length !== 1 ? text : alike[0];
}

function choose(label) {
  if (items[current].given === null) return;  // nothing to compare it with
  if (label === items[current].given) say("right");
  else say("wrong", label);
}

function go(place) {
  current = Math.min(Math.max(place, 0), items.length - 1);
  isAtEnd = false;
  show();
}

function firstUnanswered() {
  const found = items.findIndex((item) => !answers.has(item.position));
  go(found >= 0 ? found : current);
}

function undo() {
  if (!past.length) return;
  const [position, before] = past.pop();
  if (before) answers.set(position, before);
  else answers.delete(position);
  keep([position]);
  go(items.findIndex((item) => item.position === position));
}

function hideSuggestion() {
  element("suggestion").textContent = "";
  element("suggest").setAttribute("aria-expanded", "false");
}

function suggest() {
  if (items[current].predicted === null) return;
  if (element("suggestion").textContent) return hideSuggestion();
  element("suggestion").textContent = items[current].predicted;
  element("suggest").setAttribute("aria-expanded", "true");
}

// -- files -------------------------------------------------------------------

function cell(value, isText) {
  let text = value === null ? "" : String(value);
  if (isText && /^[=+\-@\t\r']/.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function sheet() {
  const header = ["index", "given_label", "predicted_label", "is_wrong", "correct_label", ...review.columns];
  const lines = items.map((item) => {
    const { answer, correct } = answers.get(item.position) || { answer: "todo", correct: null };
    return [
      cell(item.name, true), cell(item.given, true), cell(item.predicted, true),
      answer, cell(correct === null ? "?" : correct, true),
      ...review.columns.map((name) => cell(item[name], false)),
    ].join(",");
  });
  return [header.join(","), ...lines].join("\r\n") + "\r\n";
}

function exportSheet() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", sheet()], { type: "text/csv" }));
  link.download = review.file_name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function parse(text) {
  const separator = (/[,;\t]/.exec(text.split("\n")[0]) || [","])[0];
  const rows = [[""]];
  let quoted = false;
  const last = () => rows[rows.length - 1];
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') { last()[last().length - 1] += '"'; i += 1; }
    else if (c === '"') quoted = !quoted;
    else if (c === separator && !quoted) last().push("");
    else if (c === "\n" && !quoted) rows.push([""]);
    else if (c !== "\r" || quoted) last()[last().length - 1] += c;
  }
  return rows.filter((row) => row.some((text) => text.trim()));
}

function plain(text) {
  return /^'[=+\-@\t\r']/.test(text) ? text.slice(1) : text;
}

// What a row of a sheet says: an answer, null for nothing, or an error.
function answerOf(row, item) {
  const said = row.is_wrong.trim().toLowerCase();
  const typed = plain(row.correct_label.trim());
  const correct = typed === "" || typed === "?" ? null : labelOf(typed);
  const isNothing = said === "" || said === "todo";
  if (!isNothing && !Object.hasOwn(review.words, said)) {
    throw new Error("is_wrong of sample " + item.name + " is no answer: " + row.is_wrong);
  }
  const implied = correct === null ? null : correct === item.given ? "right" : "wrong";
  const answer = isNothing ? implied : review.words[said];
  if (answer === null) return null;
  if (implied !== null && implied !== answer) {
    throw new Error("is_wrong and correct_label of sample " + item.name + " contradict each other");
  }
  return { answer, correct: answer === "wrong" ? correct : null };
}

function importSheet(text) {
  const [header = [], ...lines] = parse(text.replace(/^\ufeff/, ""));
  const names = ["position", "rank", "is_wrong", "correct_label", "n_samples"];
  const missing = names.filter((name) => !header.includes(name));
  if (missing.length) throw new Error("it lacks the columns " + missing.join(", "));
  const rows = lines.map((line) => Object.fromEntries(header.map((name, i) => [name, line[i] ?? ""])));
  const isOurs = (row, item) => item && ["rank", "n_samples"].every((name) => Number(row[name]) === item[name]);
  if (!rows.every((row) => isOurs(row, itemOf.get(Number(row.position))))) {
    throw new Error("it belongs to another review");
  }
  const found = rows.map((row) => [Number(row.position), answerOf(row, itemOf.get(Number(row.position)))]);
  const told = found.filter(([, answer]) => answer);
  for (const [position, answer] of told) change(position, answer);
  keep(told.map(([position]) => position));
  return told.length;
}

async function importFile(file) {
  warn("file-warning", "");
  try {
    const count = importSheet(await file.text());
    show();
    element("progress").textContent += ", " + count + " read from the file";
  } catch (error) {
    warn("file-warning", "Nothing was read from this file: " + error.message + ".");
  }
}

// -- wiring ------------------------------------------------------------------

// A class that is a digit has this digit as its key, whatever its place among classes.
const areDigits = review.classes.some((name) => /^[0-9]$/.test(name));
const hasLongNumbers = review.classes.some((name) => /^[0-9]{2,}$/.test(name));
const classOfKey = new Map();
review.classes.forEach((name, place) => {
  const option = document.createElement("option");
  option.value = name;
  element("all-classes").append(option);
  if (review.classes.length > 20) return;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.class = name;
  button.textContent = name;
  const key = areDigits ? name : String(place + 1);
  if (/^[0-9]$/.test(key) && !(areDigits && hasLongNumbers)) {
    classOfKey.set(key, name);
    const hint = document.createElement("kbd");
    hint.textContent = key;
    button.append(" ", hint);
  }
  button.addEventListener("click", () => choose(name));
  element("classes").append(button);
});
for (const button of document.querySelectorAll("button[data-answer]")) {
  button.addEventListener("click", () => say(button.dataset.answer));
}
element("back").addEventListener("click", () => go(current - 1));
element("next").addEventListener("click", () => go(current + 1));
element("first").addEventListener("click", firstUnanswered);
element("undo").addEventListener("click", undo);
element("suggest").addEventListener("click", suggest);
element("export").addEventListener("click", exportSheet);
element("import").addEventListener("change", (event) => {
  if (event.target.files.length) importFile(event.target.files[0]);
  event.target.value = "";
});
element("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const label = labelOf(element("search").value);
  element("search").value = "";
  if (label && label !== "?") choose(label);
  element("card").focus();
});

const answerKeys = new Map([["r", "right"], ["w", "wrong"], ["u", "unsure"]]);
const keys = new Map([
  ["p", suggest], ["z", undo], ["n", firstUnanswered],
  ["arrowleft", () => go(current - 1)], ["arrowright", () => go(current + 1)],
]);
document.addEventListener("keydown", (event) => {
  const isTyped = event.target === element("search");
  if (event.ctrlKey || event.metaKey || event.altKey || isTyped || !element("keys").checked) return;
  const key = event.key.toLowerCase();
  const isAnswer = answerKeys.has(key) || classOfKey.has(key);
  if (!isAnswer && !keys.has(key)) return;
  event.preventDefault();
  // A key that is held answers one sample, not all.
  if (event.repeat && !key.startsWith("arrow")) return;
  if (!isAnswer) keys.get(key)();
  else if (isAtEnd) return;
  else if (answerKeys.has(key)) say(answerKeys.get(key));
  else choose(classOfKey.get(key));
});
window.addEventListener("storage", (event) => {
  if (event.key === storageKey) { load(); show(); }
});

if (items.length) {
  load();
  firstUnanswered();
} else {
  element("progress").textContent = "There is nothing to review.";
  document.querySelector("main").hidden = true;
}
