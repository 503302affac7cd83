// Many clips at once: prompts times styles times seeds, or a file of jobs.
import { api } from "../api.js";
import { announce, button, empty, h, icon, iconButton } from "../dom.js";
import { attempt, failure } from "../clip.js";
import { dropZone } from "../drop.js";
import { date } from "../format.js";
import { listen } from "../events.js";
import { keyOnce } from "../key.js";
import { t, tOr } from "../i18n.js";

const KINDS = ".jsonl,.ndjson,.json,.csv,.tsv,.tab,.txt";
const DELAY = 400;

/** What was filled in; it outlives a look at another view. */
const draft = { prompts: "", seeds: "", name: "", styles: new Set(), file: null };
const keys = keyOnce();

export function open(main) {
    const form = h("form", { class: "card stack", novalidate: true, "aria-label": t("batches.new") });
    const list = h("div", { class: "stack" }, h("p", { class: "muted" }, t("loading")));
    let [timer, isGone] = [null, false];
    main.append(
        h("div", { class: "title" }, h("h1", {}, t("nav.batches")), h("p", { class: "muted" }, t("batches.about"))),
        h("div", { class: "stack" }, form, list),
    );
    const stop = listen((type) => {
        if (type !== "video.progress" && type !== "video.preview") {
            timer ??= setTimeout(show, DELAY);
        }
    });
    build();
    show();
    return {
        leave: () => {
            isGone = true;
            clearTimeout(timer);
            stop();
        },
    };

    async function build() {
        try {
            fillForm(form, await api.settings(), show);
        } catch (problem) {
            form.replaceChildren(failure(problem, build));
        }
    }

    async function show() {
        timer = null;
        try {
            const { data } = await api.batches();
            if (isGone) {
                return;
            }
            const active = document.activeElement?.closest?.("[data-id]");
            const tool = document.activeElement?.dataset.tool;
            list.replaceChildren(
                data.length === 0
                    ? empty("batches", t("batches.empty-title"), t("batches.empty"))
                    : h("ul", { class: "rows" }, data.toSorted((a, b) => b.created_at - a.created_at).map(row)),
            );
            if (active) {
                list.querySelector(`[data-id="${active.dataset.id}"] [data-tool="${tool}"]`)?.focus();
            }
        } catch (problem) {
            list.replaceChildren(failure(problem, show));
        }
    }

    function row(batch) {
        const over = batch.completed + batch.failed + batch.cancelled;
        const share = Math.floor((100 * over) / Math.max(1, batch.total));
        const fill = h("div", { class: "bar-fill", style: { width: `${share}%` } });
        const name = batch.name || batch.id;
        const state = t(`batch.${batch.status}`);
        const counts = t("batches.counts", { done: batch.completed, total: batch.total, failed: batch.failed });
        const bar = {
            class: "bar",
            role: "progressbar",
            "aria-label": name,
            "aria-valuemin": 0,
            "aria-valuemax": 100,
            "aria-valuenow": share,
        };
        const act = (action) => () => attempt(() => api.actOnBatch(batch.id, action)).then(show);
        const isOpen = batch.status !== "completed";
        const hold = batch.status === "paused" ? "resume" : "pause";
        const tool = (one) => ({ data: { tool: one } });
        return h(
            "li",
            { class: "row", data: { id: batch.id } },
            h(
                "div",
                { class: "row-text" },
                h("span", { class: "row-title" }, name),
                h("div", bar, fill),
                h("span", { class: "muted" }, [counts, state, date(batch.created_at)].join(" · ")),
            ),
            h(
                "div",
                { class: "row-tools" },
                h(
                    "a",
                    { class: "button", href: api.report(batch.id), target: "_blank", rel: "noopener", ...tool("report") },
                    t("batches.report"),
                ),
                isOpen ? iconButton(hold === "resume" ? "play" : "pause", t(`queue.${hold}`, { name }), act(hold), tool("hold")) : null,
                batch.failed + batch.cancelled > 0 ? iconButton("retry", t("queue.retry", { name }), act("retry"), tool("retry")) : null,
                isOpen ? iconButton("close", t("queue.cancel-one", { name }), act("cancel"), tool("cancel")) : null,
                iconButton(
                    "trash",
                    t("queue.delete", { name }),
                    () => confirm(t("batches.delete-sure", { n: batch.total })) && attempt(() => api.removeBatch(batch.id)).then(show),
                    tool("delete"),
                ),
            ),
        );
    }
}

function fillForm(form, settings, made) {
    const result = h("div", { class: "stack", role: "status" });
    const prompts = h("textarea", {
        id: "prompts",
        rows: 6,
        placeholder: t("batches.prompts-example"),
        value: draft.prompts,
        oninput: () => {
            draft.prompts = prompts.value;
        },
    });
    const input = h("input", {
        id: "file",
        type: "file",
        accept: KINDS,
        class: "hidden-text",
        "aria-label": t("batches.file"),
        onchange: () => take(input.files[0]),
    });
    const zone = dropZone(take);
    form.replaceChildren(
        h("h2", {}, t("batches.new")),
        h(
            "div",
            { class: "new-batch" },
            h("div", { class: "field" }, h("label", { class: "label", for: "prompts" }, t("batches.prompts")), prompts),
            h(
                "div",
                { class: "stack" },
                h("div", { class: "picture" }, input, zone),
                h(
                    "div",
                    { class: "fields" },
                    field("seeds", t("batches.seeds"), "0..3"),
                    field("name", t("batches.name"), t("batches.name-example")),
                ),
            ),
        ),
        settings.styles.length > 0
            ? h(
                  "fieldset",
                  { class: "checks", id: "styles" },
                  h("legend", { class: "label" }, t("batches.styles")),
                  settings.styles.map((style) => h("label", { class: "check" }, check(style), tOr(`style.${style}`, style))),
              )
            : "",
        result,
        h(
            "div",
            { class: "actions" },
            h("button", { type: "submit", class: "button primary", data: { send: "" } }, icon("batches"), h("span", {}, t("batches.send"))),
            button(t("batches.try"), () => send(true), { name: "check", data: { send: "" } }),
        ),
    );
    form.onsubmit = (event) => {
        event.preventDefault();
        send(false);
    };
    draw();

    function field(id, label, placeholder) {
        const element = h("input", {
            id,
            type: "text",
            placeholder,
            autocomplete: "off",
            value: draft[id],
            oninput: () => {
                draft[id] = element.value;
            },
        });
        return h("div", { class: "field" }, h("label", { class: "label", for: id }, label), element);
    }

    function check(style) {
        const box = h("input", {
            type: "checkbox",
            checked: draft.styles.has(style),
            onchange: () => draft.styles[box.checked ? "add" : "delete"](style),
        });
        return box;
    }

    function take(file) {
        draft.file = file ?? null;
        draw();
    }

    function draw() {
        const { file } = draft;
        prompts.disabled = file !== null;
        for (const one of form.querySelectorAll("#seeds, #styles")) {
            one.disabled = isOfJobs(file); // its lines say their own
        }
        zone.replaceChildren(
            h(
                "label",
                { for: "file", class: "drop-label" },
                h("span", {}, file ? file.name : t("batches.file")),
                h("span", { class: "help" }, t("batches.drop")),
            ),
        );
        if (file) {
            zone.append(
                iconButton("close", t("generate.picture-drop", { name: file.name }), () => {
                    input.value = "";
                    take(null);
                }),
            );
        }
    }

    async function send(isDry) {
        const fields = { name: draft.name.trim(), dry_run: String(isDry) };
        if (!isOfJobs(draft.file)) {
            Object.assign(fields, { styles: [...draft.styles].join(","), seeds: draft.seeds.trim() });
        }
        if (!draft.file) {
            fields.prompts = draft.prompts;
        }
        const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
        setBusy(true); // the first batch opens the model, which takes minutes
        try {
            const answer = await api.createBatch(given, draft.file, isDry ? null : keys.of(given, draft.file));
            if (isDry) {
                result.replaceChildren(
                    h(
                        "p",
                        { class: "note" },
                        icon("check"),
                        t("batches.dry", { n: answer.total, cached: answer.cached, fresh: answer.new }),
                    ),
                    ...answer.notes.map((note) => h("p", { class: "muted" }, note)),
                );
                return;
            }
            keys.made();
            result.replaceChildren();
            Object.assign(draft, { prompts: "", file: null });
            prompts.value = "";
            input.value = "";
            draw();
            announce(t("generate.asked", { n: answer.total }));
            made();
        } catch (problem) {
            const lines = (problem.problems ?? []).map((one) => h("li", {}, t("batches.line", { line: one.line, message: one.message })));
            result.replaceChildren(
                h("p", { class: "error", role: "alert" }, problem.message),
                lines.length > 0 ? h("ul", { class: "files problems", tabindex: 0, "aria-label": t("batches.problems") }, lines) : "",
            );
        } finally {
            setBusy(false);
        }
    }

    function setBusy(isBusy) {
        for (const one of form.querySelectorAll("[data-send]")) {
            one.disabled = isBusy;
        }
        if (isBusy) {
            result.replaceChildren(h("p", { class: "muted" }, t("batches.sending")));
        }
    }
}

/** Whether a file is one of jobs, of which each says its own style and seed; a .txt is mostly prompts, a line each. */
function isOfJobs(file) {
    return file !== null && !file.name.toLowerCase().endsWith(".txt");
}
