// What the server does and holds, as it is now.
import { api } from "../api.js";
import { button, h, icon, withCode } from "../dom.js";
import { failure } from "../clip.js";
import { bytes, duration, number } from "../format.js";
import { t } from "../i18n.js";

const EVERY = 5000;

export function open(main) {
    const body = h("div", { class: "stack" }, h("p", { class: "muted" }, t("loading")));
    main.append(
        h("div", { class: "title" }, h("h1", {}, t("nav.system")), h("p", { class: "muted" }, t("system.about"))),
        h("div", { class: "stack" }, body, doctor()),
    );
    let timer = null;
    let isGone = false;
    show();
    return {
        leave: () => {
            isGone = true;
            clearTimeout(timer);
        },
    };

    async function show() {
        try {
            const system = await api.system();
            if (!isGone) {
                body.replaceChildren(...draw(system));
                timer = setTimeout(show, EVERY);
            }
        } catch (problem) {
            body.replaceChildren(failure(problem, show));
        }
    }
}

function draw(system) {
    const { machine, engine } = system;
    const used = machine.memory_bytes - machine.free_bytes;
    return [
        system.trouble ? h("p", { class: "notice", role: "alert" }, icon("alert"), system.trouble) : "",
        h(
            "div",
            { class: "tiles" },
            tile(t("system.model"), system.model, t(system.loaded ? "system.loaded" : "system.not-loaded")),
            tile(t("system.version"), system.version, t("system.uptime", { time: duration(system.uptime_seconds) })),
            tile(t("system.process"), bytes(machine.process_bytes), t("system.processors", { n: machine.processors })),
            tile(t("system.room"), bytes(machine.disk_free_bytes), t("system.listeners", { n: system.listeners })),
        ),
        h(
            "section",
            { class: "card stack" },
            h("h2", {}, t("system.memory")),
            meter(t("system.machine"), used, machine.memory_bytes, t("system.of", { used: bytes(used), all: bytes(machine.memory_bytes) })),
            engine ? parts(engine.memory) : h("p", { class: "muted" }, t("system.no-engine")),
        ),
        engine ? h("section", { class: "card stack" }, h("h2", {}, t("system.lanes")), lanes(engine)) : "",
        h("section", { class: "card stack" }, h("h2", {}, t("system.caches")), caches(system.caches)),
        system.providers.length > 0
            ? h("section", { class: "card stack" }, h("h2", {}, t("system.providers")), providers(system.providers))
            : "",
    ];
}

/** What `wan doctor` says of the machine: it takes seconds, so it is asked for. */
function doctor() {
    const found = h("div", { class: "stack", "aria-live": "polite" });
    const look = button(t("doctor.look"), run, { name: "system" });
    return h(
        "section",
        { class: "card stack" },
        h("div", { class: "with-actions" }, h("h2", {}, t("doctor.title")), look),
        h("p", { class: "muted" }, t("doctor.about")),
        found,
    );

    async function run() {
        look.disabled = true;
        found.replaceChildren(h("p", { class: "muted" }, t("doctor.looking")));
        try {
            const { data } = await api.doctor();
            const order = ["problem", "advice", "good"];
            const list = data.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
            found.replaceChildren(h("ul", { class: "rows" }, list.map(finding)));
        } catch (problem) {
            found.replaceChildren(failure(problem, run));
        } finally {
            look.disabled = false;
        }
    }
}

function finding(found) {
    const { topic, severity, says } = found;
    const kind = { good: "good", advice: "", problem: "bad" }[severity];
    return h(
        "li",
        {},
        h("span", { class: `dot ${kind}` }),
        h(
            "div",
            {},
            h("strong", {}, topic),
            h("p", { class: "muted" }, says),
            found.command ? h("p", { class: "muted" }, command(found.command)) : null,
        ),
        h("span", { class: `tag ${kind}` }, t(`doctor.${severity}`)),
    );
}

/** A command of ours as code; words are words. */
function command(text) {
    return text.startsWith("wan ") ? h("code", {}, text) : withCode(text);
}

function tile(label, value, more) {
    return h(
        "div",
        { class: "card tile" },
        h("span", { class: "label" }, label),
        h("strong", {}, value),
        h("span", { class: "muted" }, more),
    );
}

function meter(label, value, most, text) {
    const fill = h("div", { class: "bar-fill" });
    fill.style.setProperty("width", `${most > 0 ? Math.min(100, (100 * value) / most) : 0}%`);
    return h(
        "div",
        { class: "meter" },
        h("div", { class: "meter-head" }, h("span", {}, label), h("span", { class: "muted" }, text)),
        h("div", { class: "bar", "aria-hidden": "true" }, fill),
    );
}

function parts(memory) {
    const all = memory.held.filter((part) => part.bytes > 0);
    const most = Math.max(...all.map((part) => part.bytes), 1);
    return [
        memory.allowed_bytes
            ? h("p", { class: "muted" }, t("system.limit", { bytes: bytes(memory.allowed_bytes), why: memory.limit }))
            : null,
        all.map((part) => meter(part.part, part.bytes, most, bytes(part.bytes))),
    ];
}

function lanes(engine) {
    const busy = Object.entries(engine.lanes.busy_seconds);
    const all = busy.reduce((sum, [, seconds]) => sum + seconds, engine.lanes.idle_seconds);
    return [
        h(
            "p",
            { class: "muted" },
            t("system.steps", { steps: number(engine.steps), skipped: number(engine.skipped_steps), clips: engine.clips }),
        ),
        busy.map(([stage, seconds]) => meter(t(`lane.${stage}`), seconds, all, duration(seconds))),
        meter(t("lane.idle"), engine.lanes.idle_seconds, all, duration(engine.lanes.idle_seconds)),
    ];
}

function caches(sections) {
    const columns = ["section", "entries", "size", "limit", "hits", "misses"];
    return h(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": t("system.caches") },
        h(
            "table",
            {},
            h(
                "thead",
                {},
                h(
                    "tr",
                    {},
                    columns.map((name) => h("th", { scope: "col" }, t(`cache.${name}`))),
                ),
            ),
            h(
                "tbody",
                {},
                Object.entries(sections).map(([name, section]) =>
                    h(
                        "tr",
                        {},
                        h("th", { scope: "row" }, t(`section.${name}`)),
                        h("td", {}, number(section.entries)),
                        h("td", {}, bytes(section.bytes)),
                        h("td", {}, section.limit ? bytes(section.limit) : "–"),
                        h("td", {}, number(section.hits)),
                        h("td", {}, number(section.misses)),
                    ),
                ),
            ),
        ),
    );
}

function providers(list) {
    return h(
        "ul",
        { class: "rows" },
        list.map((one) =>
            h(
                "li",
                {},
                h("span", { class: `dot ${one.there ? "good" : ""}` }),
                h(
                    "div",
                    {},
                    h("strong", {}, one.name),
                    h("p", { class: "muted" }, one.why),
                    one.how_to_get ? h("p", { class: "muted" }, command(one.how_to_get)) : null,
                ),
                h("span", { class: `tag ${one.there ? "good" : ""}` }, t(one.there ? "system.there" : "system.absent")),
            ),
        ),
    );
}
