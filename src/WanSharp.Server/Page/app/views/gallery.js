// The clips that are made: they play, are found again, and are made once more.
import { api } from "../api.js";
import { announce, button, empty, h, icon, iconButton } from "../dom.js";
import { attempt, downloadLink, failure, player, star, vary } from "../clip.js";
import { date, duration, shape } from "../format.js";
import { favourites } from "../store.js";
import { listen } from "../events.js";
import { t, tOr } from "../i18n.js";
import { address, go, rename } from "../router.js";

const PAGE = 48;
const MOST = 1000;

export function open(main, { id, query }) {
    const state = {
        videos: [],
        last: null,
        more: false,
        all: false,
        text: query.q ?? "",
        only: query.only ?? "",
        style: query.style ?? "",
        order: "desc",
    };
    const chosen = new Set();
    const grid = h("ul", { class: "grid" });
    const status = h("p", { class: "muted", role: "status" });
    const more = h("div", { class: "center" });
    const picked = h("div", { class: "picked", role: "region", "aria-label": t("gallery.picked-label"), hidden: true });
    const search = h("input", {
        id: "search",
        type: "search",
        value: state.text,
        placeholder: t("gallery.search"),
        "aria-label": t("gallery.search"),
        oninput: () => {
            state.text = search.value;
            refine();
        },
    });
    const only = select("only", t("gallery.only"), [
        ["", t("gallery.all")],
        ["favourites", t("gallery.favourites")],
        ["video", t("gallery.films")],
        ["image", t("gallery.images")],
    ]);
    const style = select("style", t("field.style"), [["", t("gallery.any-style")]]);
    const order = select("order", t("gallery.order"), [
        ["desc", t("gallery.newest")],
        ["asc", t("gallery.oldest")],
    ]);
    let [dialog, isGone, timer, opener, turn] = [null, false, null, null, 0];

    main.append(
        h("div", { class: "title" }, h("h1", {}, t("nav.gallery"))),
        h("div", { class: "toolbar" }, h("div", { class: "search" }, search), only, style, order),
        status,
        picked,
        grid,
        more,
    );
    const stop = listen((type, event) => {
        if (type === "video.completed") {
            timer ??= setTimeout(refresh, 400);
        } else if (type === "video.deleted" && event?.data) {
            state.videos = state.videos.filter((video) => video.id !== event.data.id);
            chosen.delete(event.data.id);
            draw();
        } else if (type === "reset") {
            refresh();
        }
    });
    refresh().then(() => id && detail(id));
    return {
        leave: () => {
            isGone = true;
            stop();
            clearTimeout(timer);
            close(false);
        },
        moved: (to) => (to.id ? detail(to.id) : close(true)),
    };

    function select(name, label, options) {
        const element = h(
            "select",
            {
                id: name,
                "aria-label": label,
                onchange: () => {
                    state[name] = element.value;
                    if (name === "order") {
                        refresh();
                    } else {
                        refine();
                    }
                },
            },
            options.map(([value, text]) => h("option", { value }, text)),
        );
        element.value = state[name] ?? "";
        return element;
    }

    /** Looks for what was asked for in all clips, not only in those that are shown already. */
    async function refine() {
        rename(
            "gallery",
            null,
            Object.fromEntries(Object.entries({ q: state.text, only: state.only, style: state.style }).filter(([, value]) => value)),
        );
        draw();
        if (isRefined() && state.more) {
            await refresh();
        }
    }

    function isRefined() {
        return state.text !== "" || state.only !== "" || state.style !== "";
    }

    /** Fetches what the present filter needs: as many as are searched, or as were shown. */
    async function refresh() {
        timer = null;
        const mine = ++turn;
        try {
            const wanted = isRefined() ? MOST : Math.max(PAGE, state.videos.length);
            const videos = [];
            let page = null;
            do {
                page = await api.videos({
                    status: "completed",
                    order: state.order,
                    after: page?.last_id,
                    limit: Math.min(100, wanted - videos.length),
                });
                if (isGone || mine !== turn) {
                    return; // a later look has another order, or is newer
                }
                videos.push(...page.data);
            } while (page.has_more && videos.length < wanted);
            Object.assign(state, { videos, last: page.last_id, more: page.has_more });
            const styles = [...new Set(state.videos.map((video) => video.style).filter(Boolean))];
            style.replaceChildren(
                h("option", { value: "" }, t("gallery.any-style")),
                ...styles.map((name) => h("option", { value: name }, tOr(`style.${name}`, name))),
            );
            style.value = state.style;
            style.hidden = styles.length === 0;
            draw();
        } catch (problem) {
            grid.replaceChildren();
            more.replaceChildren(failure(problem, refresh));
        }
    }

    async function loadMore() {
        const page = await api.videos({ status: "completed", order: state.order, limit: PAGE, after: state.last });
        Object.assign(state, { videos: state.videos.concat(page.data), last: page.last_id, more: page.has_more });
        draw();
    }

    function found() {
        const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
        const loved = favourites.all();
        return state.videos.filter(
            (video) =>
                words.every((word) => `${video.prompt} ${video.style ?? ""} ${video.seed} ${video.size}`.toLowerCase().includes(word)) &&
                (state.only !== "favourites" || loved.has(video.id)) &&
                (!["video", "image"].includes(state.only) || video.media_type.startsWith(state.only)) &&
                (state.style === "" || video.style === state.style),
        );
    }

    function draw() {
        const videos = found();
        const old = new Map([...grid.children].map((card) => [card.dataset.id, card]));
        grid.replaceChildren(...videos.map((video) => old.get(video.id) ?? card(video)));
        status.textContent = videos.length > 0 ? t("gallery.count", { n: videos.length }) : "";
        more.replaceChildren();
        if (videos.length === 0) {
            more.append(
                isRefined()
                    ? empty("gallery", t("gallery.none-title"), t("gallery.none"))
                    : empty(
                          "gallery",
                          t("gallery.empty-title"),
                          t("gallery.empty"),
                          h("a", { class: "button primary", href: "#/generate" }, t("queue.make")),
                      ),
            );
        } else if (state.more && !isRefined()) {
            more.append(button(t("gallery.more"), () => attempt(loadMore)));
        }
        drawPicked();
    }

    function card(video) {
        const image = h("img", { src: api.thumbnail(video.id), alt: "", loading: "lazy", class: "card-image" });
        const film = video.media_type.startsWith("video/")
            ? h("video", {
                  class: "card-film",
                  muted: true,
                  loop: true,
                  playsinline: true,
                  preload: "none",
                  "aria-hidden": "true",
                  tabindex: -1,
              })
            : null;
        const play = () => {
            if (film && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
                film.src ||= api.content(video.id);
                film.play().catch(() => {}); // it was left before it began
            }
        };
        const box = h("input", {
            type: "checkbox",
            class: "pick",
            "aria-label": t("gallery.pick", { name: video.prompt }),
            onchange: () => {
                chosen[box.checked ? "add" : "delete"](video.id);
                drawPicked();
            },
        });
        return h(
            "li",
            { class: "clip-card", data: { id: video.id }, onmouseenter: play, onmouseleave: () => film?.pause() },
            h(
                "a",
                {
                    class: "clip-link",
                    href: address("gallery", video.id),
                    onfocus: play,
                    onblur: () => film?.pause(),
                },
                h("div", { class: "card-frame" }, image, film),
                h("span", { class: "card-text" }, video.prompt),
                h("span", { class: "muted" }, shape(video)),
            ),
            box,
            star(video, () => state.only === "favourites" && draw()),
        );
    }

    function drawPicked() {
        picked.hidden = chosen.size === 0;
        picked.replaceChildren(
            h("strong", {}, t("gallery.picked", { n: chosen.size })),
            button(t("gallery.download-all"), downloadAll, { name: "download", kind: "primary" }),
            button(t("gallery.delete-all"), deleteAll, { name: "trash" }),
            button(t("gallery.unpick"), () => {
                chosen.clear();
                for (const box of grid.querySelectorAll(".pick")) {
                    box.checked = false;
                }
                drawPicked();
            }),
        );
    }

    /** One after the other: browsers drop downloads that begin at the same moment. */
    async function downloadAll() {
        for (const one of chosen) {
            const link = h("a", { href: api.download(one), download: "" });
            link.click();
            await new Promise((resolve) => setTimeout(resolve, 300));
        }
        announce(t("gallery.downloaded", { n: chosen.size }));
    }

    async function deleteAll() {
        if (confirm(t("gallery.delete-sure", { n: chosen.size }))) {
            await attempt(async () => {
                for (const one of [...chosen]) {
                    await api.remove(one);
                }
            });
        }
    }

    async function detail(which) {
        close(false);
        opener = document.activeElement;
        const body = h("div", { class: "detail" }, h("p", { class: "muted" }, t("loading")));
        const leave = () => go("gallery");
        dialog = h(
            "dialog",
            { class: "dialog wide", "aria-labelledby": "detail-title" },
            iconButton("close", t("close"), leave, { class: "icon-button dialog-close" }),
            body,
        );
        dialog.addEventListener("cancel", (event) => {
            event.preventDefault();
            leave();
        });
        dialog.addEventListener("click", (event) => event.target === dialog && leave());
        document.body.append(dialog);
        dialog.showModal();
        try {
            const [video, settings] = await Promise.all([api.video(which), api.settingsOf(which)]);
            body.replaceChildren(...about(video, settings));
        } catch (problem) {
            body.replaceChildren(h("h2", { id: "detail-title", class: "hidden-text" }, t("error.title")), failure(problem));
        }
    }

    function about(video, settings) {
        return [
            h(
                "div",
                { class: "screen" },
                video.status === "completed" ? player(video) : empty("queue", t(`status.${video.status}`), video.error?.message ?? ""),
            ),
            h(
                "div",
                { class: "stack" },
                h("h2", { id: "detail-title", class: "prompt" }, video.prompt),
                h(
                    "p",
                    { class: "muted" },
                    [date(video.created_at), video.inference_time_s ? t("clip.took", { time: duration(video.inference_time_s) }) : null]
                        .filter(Boolean)
                        .join(" · "),
                ),
                h(
                    "div",
                    { class: "actions" },
                    h(
                        "a",
                        { class: "button primary", href: address("generate", null, { from: video.id }) },
                        icon("edit"),
                        h("span", {}, t("clip.again")),
                    ),
                    button(t("clip.vary"), () => attempt(async () => go("generate", (await vary(video)).id)), { name: "vary" }),
                    downloadLink(video),
                    star(video, () => draw()),
                    iconButton(
                        "trash",
                        t("queue.delete", { name: video.prompt }),
                        () =>
                            confirm(t("gallery.delete-sure", { n: 1 })) &&
                            attempt(async () => {
                                await api.remove(video.id);
                                go("gallery");
                            }),
                    ),
                ),
                h("h3", {}, t("gallery.settings")),
                h(
                    "dl",
                    { class: "settings" },
                    video.style ? pair(t("field.style"), tOr(`style.${video.style}`, video.style)) : null,
                    settings.data.map((one) => pair(tOr(`field.${one.name}`, one.name.replaceAll("_", " ")), one.value)),
                    settings.pictures > 0 ? pair(t("gallery.pictures"), String(settings.pictures)) : null,
                    pair(t("field.model"), video.model),
                ),
            ),
        ];
    }

    function pair(name, value) {
        return h("div", {}, h("dt", {}, name), h("dd", {}, value));
    }

    function close(refocus) {
        if (dialog) {
            dialog.close();
            dialog.remove();
            dialog = null;
            if (refocus && opener?.isConnected) {
                opener.focus();
            }
        }
    }
}
