// What is being made, what waits and in which order, and what failed.
import { api } from "../api.js";
import { announce, button, empty, h, icon, iconButton } from "../dom.js";
import { attempt, failure, livePreview, progress } from "../clip.js";
import { shape } from "../format.js";
import { listen } from "../events.js";
import { t } from "../i18n.js";
import { address } from "../router.js";

const MOST = 500;
const SHOWN = 100;
const DELAY = 200;

export function open(main) {
    const head = h("div", { class: "title with-actions" }, h("h1", {}, t("nav.queue")));
    const body = h("div", { class: "stack" }, h("p", { class: "muted" }, t("loading")));
    main.append(head, body);
    const rows = new Map(); // of what is being made, by id
    let [waiting, timer, dragged, isHeld, isGone] = [[], null, null, false, false];

    const stop = listen((type, event) => {
        const row = event?.data && rows.get(event.data.id);
        if (type === "video.progress" && row) {
            row.bar.update(event.data, event);
        } else if (type === "video.preview" && row) {
            row.preview.load(event.preview_url);
        } else if (type !== "video.progress" && type !== "video.preview") {
            later();
        }
    });
    show();
    return {
        leave: () => {
            isGone = true;
            clearTimeout(timer);
            stop();
        },
    };

    /** Draws it all anew, soon: events come in swarms. */
    function later() {
        timer ??= setTimeout(() => {
            timer = null;
            show();
        }, DELAY);
    }

    /** From here until the pointer is let go, or drags it, a row stays where it is. */
    function keepStill() {
        isHeld = true;
        for (const end of ["pointerup", "pointercancel"]) {
            addEventListener(end, () => (isHeld = false), { once: true });
        }
    }

    async function show() {
        try {
            const [queue, running, queued, failed, cancelled] = await Promise.all([
                api.queue(),
                api.all({ status: "in_progress", order: "asc" }, MOST),
                api.videos({ status: "queued", order: "next", limit: SHOWN }),
                api.videos({ status: "failed", limit: 20 }),
                api.videos({ status: "cancelled", limit: 20 }),
            ]);
            if (isGone) {
                return;
            }

            if (dragged || isHeld) {
                later(); // a row that is drawn anew would be dropped
            } else {
                waiting = queued.data;
                const focus = focused();
                draw(
                    queue,
                    running,
                    failed.data.concat(cancelled.data).toSorted((a, b) => b.created_at - a.created_at),
                );
                restore(focus);
            }
        } catch (problem) {
            body.replaceChildren(failure(problem, show));
        }
    }

    function draw(queue, running, failed) {
        head.replaceChildren(
            h("div", {}, h("h1", {}, t("nav.queue")), h("p", { class: "muted" }, t("queue.counts", counts(queue)))),
            button(
                t(queue.paused ? "queue.resume-all" : "queue.pause-all"),
                () => attempt(async () => api.setPaused(!queue.paused)).then(show),
                { name: queue.paused ? "play" : "pause", kind: queue.paused ? "primary" : "", id: "pause-all" },
            ),
        );
        for (const id of [...rows.keys()].filter((one) => !running.some((video) => video.id === one))) {
            rows.delete(id);
        }
        const order = waiting;
        const parts = [];
        if (queue.paused) {
            parts.push(h("p", { class: "note", role: "status" }, icon("pause"), t("queue.paused")));
        }
        if (running.length > 0) {
            parts.push(section(t("queue.running"), h("ul", { class: "rows" }, running.map(runningRow))));
        }
        if (order.length > 0) {
            parts.push(
                section(
                    t("queue.waiting"),
                    h("p", { class: "muted", id: "order-help" }, t("queue.order-help")),
                    h(
                        "ol",
                        { class: "rows" },
                        order.map((video, i) => waitingRow(video, i, order)),
                    ),
                    queue.queued > SHOWN ? h("p", { class: "muted" }, t("queue.hidden", { n: queue.queued - SHOWN })) : null,
                ),
            );
        }
        if (running.length + order.length === 0) {
            parts.push(
                empty(
                    "queue",
                    t("queue.empty-title"),
                    t("queue.empty"),
                    h("a", { class: "button primary", href: "#/generate" }, t("queue.make")),
                ),
            );
        }
        if (failed.length > 0) {
            parts.push(
                section(
                    t("queue.failed"),
                    h("ul", { class: "rows" }, failed.map(failedRow)),
                    failed.length > 1 ? button(t("queue.retry-all"), () => retryAll(failed), { name: "retry" }) : null,
                ),
            );
        }
        body.replaceChildren(...parts);
    }

    function runningRow(video) {
        if (!rows.has(video.id)) {
            rows.set(video.id, { bar: progress(video), preview: livePreview("thumb-image") });
        }
        const row = rows.get(video.id);
        row.bar.update(video);
        return h(
            "li",
            { class: "row", data: { id: video.id } },
            h("div", { class: "thumb is-busy" }, h("div", { class: "shimmer" }), row.preview.image),
            h("div", { class: "row-text" }, link(video), row.bar.element),
            h("div", { class: "row-tools" }, holdTool(video), cancelTool(video)),
        );
    }

    function waitingRow(video, index, order) {
        const name = video.prompt;
        const row = h(
            "li",
            {
                class: `row ${video.paused ? "is-paused" : ""}`,
                draggable: "true",
                data: { id: video.id },
                onpointerdown: keepStill,
                onkeydown: (event) => {
                    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
                        event.preventDefault();
                        move(order, index, event.key === "ArrowUp" ? index - 1 : index + 1);
                    }
                },
                ondragstart: (event) => {
                    dragged = video.id;
                    event.dataTransfer.effectAllowed = "move";
                    event.dataTransfer.setData("text/plain", video.id);
                    row.classList.add("is-dragged");
                },
                ondragend: () => {
                    dragged = null;
                    row.classList.remove("is-dragged");
                },
                ondragover: (event) => {
                    if (dragged && dragged !== video.id) {
                        event.preventDefault();
                        row.classList.add("is-target");
                    }
                },
                ondragleave: () => row.classList.remove("is-target"),
                ondrop: (event) => {
                    event.preventDefault();
                    const from = order.findIndex((one) => one.id === dragged);
                    dragged = null;
                    if (from >= 0) {
                        move(order, from, index);
                    }
                },
            },
            h("span", { class: "handle", "aria-hidden": "true" }, icon("drag")),
            h("span", { class: "place" }, String(index + 1)),
            h(
                "div",
                { class: "row-text" },
                link(video),
                h("span", { class: "muted" }, [shape(video), video.paused ? t("status.paused") : null].filter(Boolean).join(" · ")),
            ),
            h(
                "div",
                { class: "row-tools" },
                iconButton("top", t("queue.top", { name }), () => move(order, index, 0), { data: { tool: "top" }, disabled: index === 0 }),
                iconButton("up", t("queue.up", { name }), () => move(order, index, index - 1), {
                    data: { tool: "up" },
                    disabled: index === 0,
                }),
                iconButton("down", t("queue.down", { name }), () => move(order, index, index + 1), {
                    data: { tool: "down" },
                    disabled: index === order.length - 1,
                }),
                holdTool(video),
                cancelTool(video),
            ),
        );
        return row;
    }

    function failedRow(video) {
        return h(
            "li",
            { class: "row", data: { id: video.id } },
            h("span", { class: "dot bad" }),
            h(
                "div",
                { class: "row-text" },
                link(video),
                h("span", { class: "error" }, video.error?.code === "cancelled" ? t("status.cancelled") : video.error?.message),
            ),
            h(
                "div",
                { class: "row-tools" },
                iconButton("retry", t("queue.retry", { name: video.prompt }), () => attempt(() => api.act(video.id, "retry")), {
                    data: { tool: "retry" },
                }),
                iconButton("trash", t("queue.delete", { name: video.prompt }), () => attempt(() => api.remove(video.id)), {
                    data: { tool: "delete" },
                }),
            ),
        );
    }

    function holdTool(video) {
        const action = video.paused ? "resume" : "pause";
        return iconButton(
            video.paused ? "play" : "pause",
            t(`queue.${action}`, { name: video.prompt }),
            () => attempt(() => api.act(video.id, action)),
            {
                data: { tool: "hold" },
            },
        );
    }

    function cancelTool(video) {
        return iconButton("close", t("queue.cancel-one", { name: video.prompt }), () => attempt(() => api.act(video.id, "cancel")), {
            data: { tool: "cancel" },
        });
    }

    async function move(order, from, to) {
        if (to < 0 || to >= order.length || from === to) {
            return;
        }
        await attempt(() => api.move(order[from].id, { [to < from ? "before" : "after"]: order[to].id }));
        announce(t("queue.moved", { name: order[from].prompt, n: to + 1 }));
        await show();
    }

    async function retryAll(failed) {
        await attempt(async () => {
            for (const video of failed) {
                await api.act(video.id, "retry");
            }
        });
    }

    /** What has the focus, so that it can be given back after everything is drawn anew. */
    function focused() {
        const active = document.activeElement;
        return {
            id: active?.closest("[data-id]")?.dataset.id,
            tool: active?.dataset.tool,
            own: body.parentElement.contains(active) ? active?.id : null,
        };
    }

    function restore({ id, tool, own }) {
        if (own) {
            document.getElementById(own)?.focus();
        } else if (id) {
            const row = body.querySelector(`[data-id="${id}"]`);
            const wanted = row?.querySelector(`[data-tool="${tool}"]:not(:disabled)`) ?? row?.querySelector("button:not(:disabled), a");
            wanted?.focus();
        }
    }
}

function counts(queue) {
    return { running: queue.in_progress, queued: queue.queued, failed: queue.failed };
}

function section(title, ...children) {
    return h("section", { class: "stack" }, h("h2", {}, title), ...children);
}

function link(video) {
    return h("a", { class: "row-title", href: address("generate", video.id) }, video.prompt);
}
