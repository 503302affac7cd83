// Starts the page: texts, header, views.
import { announce, h, icon, iconButton } from "./dom.js";
import { api, onKeyNeeded } from "./api.js";
import { choose, language, LANGUAGES, start, t } from "./i18n.js";
import { connect, listen, watch } from "./events.js";
import { place } from "./router.js";
import { theme } from "./store.js";
import { signIn } from "./views/signin.js";
import * as generate from "./views/generate.js";
import * as queue from "./views/queue.js";
import * as gallery from "./views/gallery.js";
import * as batches from "./views/batches.js";
import * as models from "./views/models.js";
import * as system from "./views/system.js";

const views = { generate, queue, gallery, batches, models, system };
const main = document.getElementById("main");
let shown = { name: null, leave: null };
let waiting = 0;

function header(active) {
    const links = Object.keys(views).map((name) =>
        h(
            "a",
            { href: `#/${name}`, class: "nav-link", "aria-current": name === active ? "page" : null },
            icon(name),
            h("span", {}, t(`nav.${name}`)),
            name === "queue" && waiting > 0
                ? h("span", { class: "badge", "aria-label": t("nav.waiting", { n: waiting }) }, String(waiting))
                : null,
        ),
    );
    const themes = ["auto", "light", "dark"];
    const next = themes[(themes.indexOf(theme.get()) + 1) % themes.length];
    const other = language() === "zh" ? "en" : "zh";
    document.getElementById("top").replaceChildren(
        h(
            "a",
            {
                href: "#main",
                class: "skip",
                onclick: (event) => {
                    event.preventDefault();
                    main.focus();
                },
            },
            t("nav.skip"),
        ),
        h("a", { href: "#/generate", class: "brand" }, h("img", { src: "/page/icon.svg", alt: "", width: 28, height: 28 }), "WanSharp"),
        h("nav", { class: "nav", "aria-label": t("nav.label") }, links),
        h(
            "div",
            { class: "top-tools" },
            h(
                "button",
                {
                    type: "button",
                    id: "language",
                    class: "text-button",
                    lang: other === "zh" ? "zh-CN" : "en",
                    onclick: () => {
                        choose(other);
                        show(true);
                        document.getElementById("language").focus();
                    },
                },
                LANGUAGES[other],
            ),
            iconButton(
                { auto: "auto", light: "sun", dark: "moon" }[theme.get()],
                t("nav.theme", { now: t(`theme.${theme.get()}`), next: t(`theme.${next}`) }),
                () => {
                    theme.set(next);
                    header(place().view);
                    document.getElementById("theme").focus();
                    announce(t(`theme.${next}`));
                },
                { id: "theme" },
            ),
        ),
    );
}

/** Shows the view of the address. A view that is shown already is told that the address changed, unless it is to be drawn anew. */
function show(anew = false) {
    const { view, id, query } = place();
    const name = view in views ? view : "generate";
    header(name);
    document.title = `${t(`nav.${name}`)} – WanSharp`;
    if (!anew && shown.name === name && shown.moved) {
        shown.moved({ id, query });
        return;
    }
    const isMove = shown.name !== null && shown.name !== name;
    shown.leave?.();
    main.replaceChildren();
    main.className = `main view-${name}`;
    const opened = views[name].open(main, { id, query }) ?? {};
    shown = { name, leave: opened.leave, moved: opened.moved };
    if (isMove) {
        window.scrollTo(0, 0);
        main.focus({ preventScroll: true });
    }
}

async function count() {
    try {
        const now = await api.queue();
        const before = waiting;
        waiting = now.queued + now.in_progress;
        if (before !== waiting) {
            const focused = document.activeElement?.closest?.("#top") ? document.activeElement.getAttribute("href") : null;
            header(place().view);
            document.querySelector(`#top a[href="${focused}"]`)?.focus();
        }
    } catch {
        // the notice says that the server is away
    }
}

let counting = null;

await start();
onKeyNeeded(async () => {
    await signIn();
    connect();
});
watch((isThere) => {
    const notice = document.getElementById("notice");
    notice.hidden = isThere;
    notice.textContent = isThere ? "" : t("error.connection");
});
listen((type) => {
    if (type !== "video.progress" && type !== "video.preview") {
        counting ??= setTimeout(() => {
            counting = null;
            count();
        }, 250);
    }
});
window.addEventListener("hashchange", () => show());
show();
await count();
connect();
