// Asks for a clip, shows what it costs before, how it becomes, and what it is.
import { api } from "../api.js";
import { announce, button, empty, h, icon, iconButton } from "../dom.js";
import { attempt, downloadLink, failure, livePreview, player, progress, star, vary } from "../clip.js";
import { dropZone } from "../drop.js";
import { bytes, duration, shape } from "../format.js";
import { listen } from "../events.js";
import { keyOnce } from "../key.js";
import { t, tOr } from "../i18n.js";
import { address, go, rename } from "../router.js";

/** Settings in sight; the others are under "more". */
const MAIN = ["size", "seconds", "steps", "guidance", "seed"];
const SIZES = ["832x480", "480x832", "1280x720", "720x1280", "624x624"];
const PLAN_DELAY = 350;

/** What was filled in; it outlives a look at another view. */
const draft = { prompt: "", values: {}, pictures: {}, source: null };
const keys = keyOnce();

export function open(main, { id, query }) {
    const stage = h("section", { class: "stage card", "aria-label": t("generate.stage") });
    const form = h(
        "form",
        { class: "form card", novalidate: true, "aria-label": t("nav.generate") },
        h("p", { class: "muted" }, t("loading")),
    );
    main.append(h("h1", { class: "hidden-text" }, t("nav.generate")), h("div", { class: "generate" }, form, stage));
    const display = showStage(stage, (video) => useSource(video.id));
    let leaveForm = () => {};

    async function build(from) {
        try {
            const settings = await api.settings();
            draft.source = from ? await api.settingsOf(from) : draft.source;
            if (from) {
                Object.assign(draft, { prompt: draft.source.prompt, values: {}, pictures: {} });
            }
            fill(settings);
            if (from) {
                form.querySelector("textarea").focus();
            }
        } catch (problem) {
            form.replaceChildren(failure(problem, () => build(from)));
        }
    }

    /** Fills the form; what the one before it still does ends first. */
    function fill(settings) {
        leaveForm();
        leaveForm = fillForm(
            form,
            settings,
            (video) => {
                rename("generate", video.id);
                display.follow(video);
            },
            () => fill(settings),
        );
    }

    function useSource(source) {
        go("generate", null, { from: source });
    }

    const built = build(query.from ?? null);
    if (id) {
        display.load(id);
    } else {
        display.rest();
    }
    const stop = listen((type, event) => display.hear(type, event));
    return {
        leave: () => {
            stop();
            leaveForm();
        },
        moved: async (to) => {
            await built;
            if (to.query.from) {
                await build(to.query.from);
            } else if (to.id) {
                display.load(to.id);
            }
        },
    };
}

function fillForm(form, settings, created, again) {
    const fields = settings.data.filter((field) => !field.is_part);
    const given = draft.source ? Object.fromEntries(draft.source.data.map((one) => [one.name, one.value])) : {};
    if (!given.seconds) {
        const usual = (name) => Number(given[name] ?? fields.find((field) => field.name === name)?.default);
        given.seconds = usual("frames") / usual("fps") > 0 ? String(Math.round((100 * usual("frames")) / usual("fps")) / 100) : undefined;
    }
    const controls = new Map();
    const errors = new Map();
    const cost = h("p", { class: "cost", role: "status" }, t("generate.cost-empty"));
    const send = h("button", { type: "submit", class: "button primary wide" }, icon("generate"), h("span", {}, t("generate.send")));
    const general = h("p", { class: "error", role: "alert", hidden: true });
    let [timer, running] = [null, null];

    const prompt = h("textarea", {
        id: "prompt",
        rows: 4,
        maxlength: 8192,
        required: true,
        placeholder: t("generate.prompt-example"),
        value: draft.prompt,
        oninput: () => {
            draft.prompt = prompt.value;
            changed();
        },
        onkeydown: (event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                form.requestSubmit();
            }
        },
    });
    controls.set("prompt", prompt);

    const rivals = new Map();
    for (const field of fields) {
        for (const other of field.excludes ?? []) {
            rivals.set(field.name, [...(rivals.get(field.name) ?? []), other]);
            rivals.set(other, [...(rivals.get(other) ?? []), field.name]);
        }
    }

    const count = h(
        "select",
        { id: "count", onchange: changed },
        [1, 2, 4, 8].map((n) => h("option", { value: String(n) }, String(n))),
    );

    form.replaceChildren(
        draft.source ? sourceNote() : "",
        wrap("prompt", t("field.prompt"), prompt, "prompt-help", t("generate.prompt-help")),
        settings.pictures.length > 0 ? h("div", { class: "pictures" }, settings.pictures.map(picture)) : "",
        h(
            "div",
            { class: "fields" },
            choice(
                "style",
                settings.styles.map((name) => [name, tOr(`style.${name}`, name)]),
                !draft.source,
            ),
            choice(
                "preset",
                settings.presets.filter((one) => one.ready).map((one) => [one.name, one.name]),
                true,
            ),
            MAIN.map((name) => fields.find((field) => field.name === name))
                .filter(Boolean)
                .map((field) => control(field)),
            wrap("count", t("generate.count"), count),
        ),
        h(
            "details",
            { class: "more" },
            h("summary", {}, t("generate.more")),
            h(
                "div",
                { class: "fields" },
                fields.filter((field) => !MAIN.includes(field.name) && field.name !== "preset").map((field) => control(field, true)),
                choice(
                    "format",
                    settings.formats.map((name) => [name, name]),
                    true,
                    t("generate.format-default", { format: settings.format }),
                ),
            ),
        ),
        general,
        h("div", { class: "send" }, cost, send, h("p", { class: "muted hint" }, t("generate.keys"))),
    );
    form.onsubmit = submit;
    changed();
    return () => {
        clearTimeout(timer);
        running?.abort();
    };

    function sourceNote() {
        return h(
            "div",
            { class: "note" },
            h("span", {}, t("generate.source")),
            h("a", { href: address("gallery", draft.source.id) }, t("generate.source-link")),
            iconButton("close", t("generate.source-drop"), () => {
                draft.source = null;
                rename("generate");
                again();
                form.querySelector("textarea").focus();
            }),
        );
    }

    function wrap(name, label, element, helpId = null, help = null, extra = null) {
        const error = h("span", { id: `${name}-error`, class: "error", hidden: true });
        errors.set(name, error);
        element.setAttribute("aria-describedby", [help ? helpId : null, error.id].filter(Boolean).join(" "));
        return h(
            "div",
            { class: `field field-${name}` },
            h("label", { for: element.id, class: "label" }, label),
            extra ? h("div", { class: "with-tool" }, element, extra) : element,
            help ? h("span", { id: helpId, class: "help" }, help) : null,
            error,
        );
    }

    function keep(name, value) {
        if (value === "") {
            delete draft.values[name];
        } else {
            draft.values[name] = value;
            for (const rival of rivals.get(name) ?? []) {
                delete draft.values[rival];
                const other = controls.get(rival);
                if (other) {
                    other.value = "";
                }
            }
        }
        changed();
    }

    function control(field, isWordy = false) {
        const { name } = field;
        const usual = given[name] ?? field.default;
        const keepIt = (event) => keep(name, event.target.value.trim());
        let element;
        if (field.type === "choice") {
            element = h(
                "select",
                { id: name, onchange: keepIt },
                h("option", { value: "" }, usual ? t("generate.usual", { value: usual }) : t("generate.none")),
                field.choices.map((one) => h("option", { value: one }, one)),
            );
        } else if (field.type === "text") {
            element = h("textarea", { id: name, rows: 2, placeholder: usual ?? "", oninput: keepIt });
        } else {
            const isNumber = (field.type === "integer" || field.type === "number") && name !== "seed";
            element = h("input", {
                id: name,
                type: isNumber ? "number" : "text",
                inputmode: name === "seed" ? "numeric" : null,
                min: isNumber ? field.minimum : null,
                max: isNumber ? field.maximum : null,
                step: isNumber ? (field.type === "integer" ? 1 : "any") : null,
                placeholder: usual ?? field.example ?? "",
                autocomplete: "off",
                list: name === "size" ? "sizes" : null,
                oninput: keepIt,
            });
        }
        element.value = draft.values[name] ?? "";
        controls.set(name, element);
        const label = tOr(`field.${name}`, name.replaceAll("_", " "));
        const help = tOr(`help.${name}`, field.help);
        const extra =
            name === "seed"
                ? iconButton("dice", t("generate.draw"), () => {
                      element.value = String(crypto.getRandomValues(new Uint32Array(1))[0]);
                      keep(name, element.value);
                  })
                : null;
        element.title = isWordy ? "" : help;
        const parts = wrap(name, label, element, `${name}-help`, isWordy ? help : null, extra);
        if (name === "size") {
            const [width, height] = (field.default ?? "").split("x").map(Number);
            const offered = Math.max(width, height) >= 480 ? SIZES : [field.default, `${height}x${width}`];
            parts.append(
                h(
                    "datalist",
                    { id: "sizes" },
                    [...new Set(offered)].map((one) => h("option", { value: one })),
                ),
            );
        }
        return parts;
    }

    function choice(name, options, isThere, usual = t("generate.none")) {
        if (!isThere || options.length === 0) {
            return null;
        }
        const element = h(
            "select",
            { id: name, onchange: (event) => keep(name, event.target.value) },
            h("option", { value: "" }, name === "preset" && given.preset ? t("generate.usual", { value: given.preset }) : usual),
            options.map(([value, text]) => h("option", { value }, text)),
        );
        element.value = draft.values[name] ?? "";
        controls.set(name, element);
        return wrap(name, tOr(`field.${name}`, name), element);
    }

    function picture(name) {
        const input = h("input", {
            id: name,
            type: "file",
            accept: "image/*",
            "aria-label": t(`field.${name}`),
            class: "hidden-text",
            onchange: () => take(input.files[0]),
        });
        controls.set(name, input);
        const error = h("span", { id: `${name}-error`, class: "error", hidden: true });
        errors.set(name, error);
        input.setAttribute("aria-describedby", error.id);
        const isPicture = (file) => file.type.startsWith("image/");
        const zone = dropZone(take, isPicture);
        let shown = null;
        function take(file) {
            if (!file) {
                return;
            }
            draft.pictures[name] = file;
            draw();
            changed();
        }
        function draw() {
            if (shown) {
                URL.revokeObjectURL(shown);
                shown = null;
            }
            const file = draft.pictures[name];
            if (!file) {
                zone.replaceChildren(
                    h(
                        "label",
                        { for: name, class: "drop-label" },
                        icon("image"),
                        h("span", {}, t(`field.${name}`)),
                        h("span", { class: "help" }, t("generate.drop")),
                    ),
                );
                return;
            }
            shown = URL.createObjectURL(file);
            zone.replaceChildren(
                h("img", { src: shown, alt: file.name }),
                iconButton("close", t("generate.picture-drop", { name: t(`field.${name}`) }), () => {
                    delete draft.pictures[name];
                    input.value = "";
                    draw();
                    changed();
                    input.focus();
                }),
            );
        }
        draw();
        if (name === settings.pictures[0]) {
            form.onpaste = (event) => {
                const file = [...event.clipboardData.files].find(isPicture);
                if (file) {
                    event.preventDefault();
                    take(file);
                }
            };
        }
        return h("div", { class: "picture" }, input, zone, error);
    }

    function changed() {
        clearTimeout(timer);
        running?.abort();
        showError(null);
        if (prompt.value.trim() === "") {
            cost.textContent = t("generate.cost-empty");
            return;
        }
        timer = setTimeout(plan, PLAN_DELAY);
    }

    function fieldsToSend() {
        return { prompt: prompt.value.trim(), ...draft.values };
    }

    async function plan() {
        running = new AbortController();
        try {
            const found = await api.plan(fieldsToSend(), draft.pictures, draft.source?.id, running.signal);
            const copies = Number(count.value);
            const parts = [];
            if (found.cached && copies === 1) {
                parts.push(t("generate.cached"));
            } else if (found.seconds !== null) {
                parts.push(t("generate.takes", { time: duration(found.seconds * copies) }));
            } else {
                parts.push(t("generate.unknown-time"));
            }
            if (found.size) {
                const length = (found.num_frames / found.fps).toFixed(2).replace(/\.?0+$/, "");
                parts.push(shape({ ...found, seconds: length }));
            }
            if (found.memory_bytes) {
                parts.push(bytes(found.memory_bytes));
            }
            if (found.queued > 0) {
                parts.push(t("generate.behind", { n: found.queued }));
            }
            cost.replaceChildren(h("span", {}, parts.join(" · ")), ...found.notes.map((note) => h("span", { class: "cost-note" }, note)));
            if (found.measuring && !found.cached) {
                timer = setTimeout(plan, 3000);
            }
        } catch (problem) {
            if (problem.name !== "AbortError") {
                showError(problem);
            }
        }
    }

    function showError(problem) {
        for (const [name, error] of errors) {
            error.hidden = true;
            controls.get(name)?.removeAttribute("aria-invalid");
        }
        general.hidden = true;
        if (!problem) {
            return;
        }
        cost.textContent = "";
        const name = [problem.param, problem.param?.replaceAll("-", "_")].find((one) => errors.has(one));
        const error = name ? errors.get(name) : general;
        error.textContent = problem.message;
        error.hidden = false;
        if (name) {
            controls.get(name)?.setAttribute("aria-invalid", "true");
            controls.get(name)?.closest("details")?.setAttribute("open", "");
        }
    }

    async function submit(event) {
        event.preventDefault();
        clearTimeout(timer);
        if (prompt.value.trim() === "") {
            showError({ param: "prompt", message: t("generate.no-prompt") });
            prompt.focus();
            return;
        }
        send.disabled = true;
        const copies = Number(count.value);
        const key = keys.of(fieldsToSend(), draft.pictures, draft.source?.id);
        let first = null;
        try {
            for (let i = 0; i < copies; i++) {
                const seed = i > 0 ? { seed: "random" } : {};
                const video = await api.create({ ...fieldsToSend(), ...seed }, draft.pictures, draft.source?.id, `${key}-${i}`);
                first ??= video;
            }
            keys.made();
            announce(t("generate.asked", { n: copies }));
            created(first);
        } catch (problem) {
            if (first) {
                created(first); // those that are made are shown, and made no second time when the rest is asked for again
            }
            showError(problem);
            (controls.get(problem.param) ?? prompt).focus();
        } finally {
            send.disabled = false;
        }
    }
}

/** The stage: nothing yet, a clip that becomes, or one that is there. */
function showStage(stage, useSettings) {
    let [current, preview, bar, status] = [null, null, null, null];

    function rest() {
        current = null;
        stage.replaceChildren(empty("generate", t("stage.rest-title"), t("stage.rest")));
    }

    async function load(id) {
        if (current?.id === id) {
            return;
        }
        try {
            follow(await api.video(id));
        } catch (problem) {
            stage.replaceChildren(failure(problem));
        }
    }

    /** Looks what became of the clip, of which events may have been missed. */
    async function look(id) {
        try {
            const video = await api.video(id);
            if (current?.id === id) {
                current = video;
                if (status !== video.status || video.status === "queued" || video.status === "in_progress") {
                    draw(video);
                }
            }
        } catch (problem) {
            if (problem.status === 404 && current?.id === id) {
                rest();
            }
        }
    }

    function follow(video) {
        current = video;
        status = null;
        draw(video);
    }

    function show(video) {
        rename("generate", video.id);
        follow(video);
    }

    function draw(video, event) {
        const isOver = video.status === "completed" || video.status === "failed";
        if (status === video.status && !isOver) {
            bar.update(video, event);
            return;
        }
        status = video.status;
        if (video.status === "completed") {
            stage.replaceChildren(
                h("div", { class: "screen" }, player(video)),
                h("div", { class: "stage-text" }, h("p", { class: "prompt" }, video.prompt), h("p", { class: "muted" }, facts(video))),
                h(
                    "div",
                    { class: "actions" },
                    downloadLink(video),
                    button(t("clip.vary"), () => attempt(async () => show(await vary(video))), { name: "vary" }),
                    button(t("clip.again"), () => useSettings(video), { name: "edit" }),
                    star(video),
                ),
            );
            announce(t("stage.done"));
        } else if (video.status === "failed") {
            stage.replaceChildren(
                failure({ message: video.error?.message ?? t("error.title") }, () =>
                    attempt(async () => show(await api.act(video.id, "retry"))),
                ),
            );
        } else {
            preview = preview?.id === video.id ? preview : { id: video.id, ...livePreview("clip") };
            bar = progress(video);
            bar.update(video, event);
            stage.replaceChildren(
                h("div", { class: "screen is-busy" }, h("div", { class: "shimmer" }), preview.image),
                h("div", { class: "stage-text" }, h("p", { class: "prompt" }, video.prompt), bar.element),
                h(
                    "div",
                    { class: "actions" },
                    button(t("queue.cancel"), () => attempt(() => api.act(video.id, "cancel")), { name: "close" }),
                    h("a", { class: "button", href: "#/queue" }, icon("queue"), h("span", {}, t("nav.queue"))),
                ),
            );
        }
    }

    function facts(video) {
        return [shape(video), t("clip.seed", { seed: video.seed }), video.from_cache ? t("clip.cached") : took(video)]
            .filter(Boolean)
            .join(" · ");
    }

    function took(video) {
        return video.inference_time_s ? t("clip.took", { time: duration(video.inference_time_s) }) : null;
    }

    function hear(type, event) {
        if (type === "reset" && current) {
            look(current.id);
        } else if (event?.data?.id === current?.id && current) {
            if (type === "video.deleted") {
                rest();
                return;
            }
            if (type === "video.preview" && preview && status === "in_progress") {
                preview.load(event.preview_url);
            }
            current = event.data;
            draw(event.data, event);
        }
    }

    return { rest, load, follow, hear };
}
