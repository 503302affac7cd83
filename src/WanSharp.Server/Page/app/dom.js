// Elements from data. Text is always set as text, so nothing that comes from outside becomes markup.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element: properties by name, `on…` as listeners, `class`, `data` and `style` as one would expect, others as attributes. */
export function h(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties ?? {})) {
        if (value === undefined || value === null || value === false) {
            continue;
        }
        if (name.startsWith("on")) {
            element.addEventListener(name.slice(2), value);
        } else if (name === "class") {
            element.className = value;
        } else if (name === "data") {
            Object.assign(element.dataset, value);
        } else if (name === "style") {
            for (const [property, text] of Object.entries(value)) {
                element.style.setProperty(property, text);
            }
        } else if (name === "value" || name === "checked" || name === "indeterminate" || name === "muted" || name === "selected") {
            element[name] = value;
        } else {
            element.setAttribute(name, value === true ? "" : String(value));
        }
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

const SHAPES = {
    generate: "M12 3l1.9 5.1L19 10l-5.1 1.9L12 17l-1.9-5.1L5 10l5.1-1.9zM19 16l.8 2.2L22 19l-2.2.8L19 22l-.8-2.2L16 19l2.2-.8z",
    queue: "M4 6h16M4 12h16M4 18h10",
    gallery: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
    batches: "M5 8h14v11H5zM7 5h10M9 2.5h6",
    models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
    system: "M3 12h4l2-6 4 12 3-9 1.5 3H21",
    sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19",
    moon: "M20 14.5A8 8 0 119.5 4a6.5 6.5 0 0010.5 10.5z",
    auto: "M12 3a9 9 0 100 18zM12 3a9 9 0 010 18",
    up: "M6 15l6-6 6 6",
    down: "M6 9l6 6 6-6",
    top: "M6 18l6-6 6 6M6 6h12",
    pause: "M8 5v14M16 5v14",
    play: "M7 4.5l12 7.5-12 7.5z",
    close: "M6 6l12 12M18 6L6 18",
    retry: "M4 12a8 8 0 108-8c-2.5 0-4.6 1-6 2.7M4 3v4h4",
    trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
    download: "M12 4v11M7 11l5 5 5-5M4 20h16",
    star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z",
    dice: "M5 3h14a2 2 0 012 2v14a2 2 0 01-2 2H5a2 2 0 01-2-2V5a2 2 0 012-2zM8 8h.01M16 8h.01M12 12h.01M8 16h.01M16 16h.01",
    image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
    edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
    vary: "M4 7h4l8 10h4M17 14l3 3-3 3M4 17h4l2-2.500M14 9.500L16 7h4M17 4l3 3-3 3",
    drag: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
    copy: "M8 8h12v12H8zM16 8V4H4v12h4",
    check: "M5 13l4 4L19 7",
    alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
};

/** An icon that says nothing to screen readers: what it stands for is text next to it, or its button's label. */
export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" })) {
        svg.setAttribute(key, value);
    }
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", SHAPES[name]);
    svg.append(path);
    return svg;
}

/** A button with an icon alone; its label is for screen readers and hints. */
export function iconButton(name, label, onclick, properties = {}) {
    return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...properties }, icon(name));
}

/** A button with text, and an icon before it. */
export function button(text, onclick, { name, kind = "", ...properties } = {}) {
    return h("button", { type: "button", class: `button ${kind}`, onclick, ...properties }, name ? icon(name) : null, h("span", {}, text));
}

/** What is shown where there is nothing yet. */
export function empty(name, title, text, ...actions) {
    return h("div", { class: "empty" }, h("div", { class: "empty-icon" }, icon(name)), h("h2", {}, title), h("p", {}, text), ...actions);
}

/** A text whose `commands` are shown as such. */
export function withCode(text) {
    return text.split("`").map((part, i) => (i % 2 === 1 ? h("code", {}, part) : part));
}

/** Says something to screen readers. */
export function announce(text) {
    document.getElementById("live").textContent = text;
}

/** Shows a message for a while. */
export function toast(text, kind = "") {
    const box = h("div", { class: `toast ${kind}` }, icon(kind === "bad" ? "alert" : "check"), h("span", {}, text));
    document.getElementById("toasts").append(box);
    setTimeout(() => box.remove(), kind === "bad" ? 9000 : 4000);
}
