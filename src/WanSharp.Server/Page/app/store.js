// What the browser keeps for this page: choices and favourites. Where storage is switched off, they last as long as the page.

const memory = new Map();

export function load(key, fallback) {
    try {
        const text = localStorage.getItem(`wan.${key}`);
        return text === null ? (memory.get(key) ?? fallback) : JSON.parse(text);
    } catch {
        return memory.get(key) ?? fallback;
    }
}

export function save(key, value) {
    memory.set(key, value);
    try {
        localStorage.setItem(`wan.${key}`, JSON.stringify(value));
    } catch {
        // kept in memory alone
    }
}

/** The chosen theme: "auto", "light" or "dark". Kept as plain text, for theme.js reads it before anything else is there. */
export const theme = {
    get() {
        return document.documentElement.dataset.theme ?? "auto";
    },
    set(value) {
        if (value === "auto") {
            delete document.documentElement.dataset.theme;
        } else {
            document.documentElement.dataset.theme = value;
        }
        try {
            localStorage.setItem("wan.theme", value);
        } catch {
            // lasts as long as the page
        }
    },
};

export const favourites = {
    all: () => new Set(load("favourites", [])),
    has: (id) => favourites.all().has(id),
    toggle(id) {
        const all = favourites.all();
        const isOne = !all.delete(id);
        if (isOne) {
            all.add(id);
        }
        save("favourites", [...all]);
        return isOne;
    },
};
