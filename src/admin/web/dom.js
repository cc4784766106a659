// Making nodes. Titles, ids and reasons come from strangers: text goes in by textContent
// alone, without the characters that would turn the direction of what stands behind it.
export const $ = (id) => document.getElementById(id);
export const clean = (text) => String(text).replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

// el("a", { class: "x", href: "#/" }, "text", node, …). Falsy children are left out; a
// function as a property is a listener.
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, clean(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : clean(child));
  }
  return node;
}

// Show @items in @list. A node is kept while what it shows is the same, so that focus,
// selection and pictures survive; key(item) says which item it is.
export function fill(list, items, key, make) {
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && focused.closest("[data-key]");
  const nodes = items.map((item) => {
    const text = JSON.stringify(item), name = String(key(item));
    let node = old.get(name);
    if (!node || node.dataset.shown !== text) {
      node = make(item, node);
      node.dataset.key = name;
      node.dataset.shown = text;
    }
    return node;
  });
  if (nodes.length !== list.children.length || nodes.some((node, i) => node !== list.children[i]))
    list.replaceChildren(...nodes);
  if (place && !list.contains(document.activeElement)) {
    const again = nodes.find((node) => node.dataset.key === place.dataset.key);
    const label = focused.textContent;
    [...(again ? again.querySelectorAll("a, button") : [])].find((node) => node.textContent === label)?.focus();
  }
}

// What a list says that is empty.
export function nothing(list, ...text) {
  list.replaceChildren(el("li", { class: "empty", "data-key": "" }, ...text));
}

export function badge(state) {
  return el("span", { class: `badge ${state}` }, state.replaceAll("-", " "));
}

let toastTimer = 0;
export function toast(text, bad) {
  $("toasts").replaceChildren(el("p", { class: bad ? "toast bad" : "toast" }, text));
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $("toasts").replaceChildren(), bad ? 12000 : 5000);
}

// Ask before something that cannot be taken back; resolves to whether it shall be done.
export function ask(title, text, yes) {
  const dialog = $("ask");
  $("ask-title").textContent = clean(title);
  $("ask-text").textContent = clean(text);
  $("ask-yes").textContent = yes;
  $("ask-yes").className = "danger";
  dialog.returnValue = "no";
  dialog.showModal();
  $("ask-no").focus();
  return new Promise((resolve) => dialog.addEventListener("close",
    () => resolve(dialog.returnValue === "yes"), { once: true }));
}

// A button that cannot be pressed again until its work is done.
export function action(label, work, props) {
  const button = el("button", { type: "button", ...props }, label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      toast(error.message, true);
    }
    button.disabled = false;
  });
  return button;
}
