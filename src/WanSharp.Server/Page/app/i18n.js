// The page's texts, in the browser's language unless another is chosen. What the server says stays as it says it.
import { load, save } from "./store.js";

export const LANGUAGES = { en: "English", zh: "中文" };

const texts = {};
let current = "en";

export function language() {
    return current;
}

/** Loads the texts, and chooses the language. */
export async function start() {
    await Promise.all(
        Object.keys(LANGUAGES).map(async (name) => {
            texts[name] = await (await fetch(`/page/i18n/${name}.json`)).json();
        }),
    );
    const wanted = [load("language", null), ...navigator.languages.map((one) => one.slice(0, 2))];
    use(wanted.find((one) => one in LANGUAGES) ?? "en");
}

export function choose(name) {
    save("language", name);
    use(name);
}

function use(name) {
    current = name;
    document.documentElement.lang = name === "zh" ? "zh-CN" : "en";
}

/** A text, with {names} filled in. A text with `one` and `other` is chosen by the number `n`. */
export function t(key, values = {}) {
    let text = texts[current][key] ?? texts.en[key] ?? key;
    if (typeof text === "object") {
        text = text[new Intl.PluralRules(current).select(values.n)] ?? text.other;
    }
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A text of this language; what the server says where there is none. */
export function tOr(key, fallback) {
    return texts[current][key] ?? fallback;
}
