// What models are on the machine, and which files of others are missing; those can be fetched.
import { api } from "../api.js";
import { announce, button, h, icon, iconButton, toast, withCode } from "../dom.js";
import { attempt, failure } from "../clip.js";
import { bytes } from "../format.js";
import { t } from "../i18n.js";

const LOOK_EVERY = 700;

export function open(main) {
    const list = h("div", { class: "stack", "aria-busy": "true" }, h("p", { class: "muted" }, t("loading")));
    main.append(h("div", { class: "title" }, h("h1", {}, t("nav.models")), h("p", { class: "muted" }, withCode(t("models.about")))), list);
    const pulls = new Map(); // the places where cards show how far their pull is, by name
    let [timer, isGone] = [null, false];
    show();
    return {
        leave: () => {
            isGone = true;
            clearTimeout(timer);
        },
    };

    async function show() {
        try {
            const { served, data } = await api.models();
            const rank = (one) => (one.name === served ? 0 : one.missing.length === 0 ? 1 : one.model ? 2 : 3);
            const models = data.toSorted((a, b) => rank(a) - rank(b));
            const [here, elsewhere] = [models.filter((one) => one.missing.length === 0), models.filter((one) => one.missing.length > 0)];
            pulls.clear();
            list.replaceChildren(
                section(
                    t("models.here"),
                    here.map((one) => card(one, one.name === served)),
                ),
                elsewhere.length > 0
                    ? section(
                          t("models.missing"),
                          elsewhere.map((one) => card(one, false)),
                      )
                    : "",
            );
            await look();
        } catch (problem) {
            list.replaceChildren(failure(problem, show));
        }
        list.removeAttribute("aria-busy");
    }

    /** Shows how far pulls are, as long as one runs; then what is there has changed. */
    async function look(wasRunning = false) {
        clearTimeout(timer);
        const { data } = await api.pulls();
        if (isGone) {
            return;
        }
        for (const pull of data) {
            pulls.get(pull.name)?.(pull);
        }
        const isRunning = data.some((pull) => pull.state === "running");
        if (isRunning) {
            timer = setTimeout(() => look(true).catch(() => {}), LOOK_EVERY);
        } else if (wasRunning) {
            const ended = data.find((pull) => pull.state === "done");
            if (ended) {
                announce(t("models.pulled", { name: ended.name }));
            }
            await show();
        }
    }

    function card(model, isServed) {
        return h(
            "li",
            { class: "card model" },
            h(
                "div",
                { class: "model-head" },
                h("h3", {}, model.name),
                isServed ? h("span", { class: "tag good" }, icon("check"), t("models.served")) : null,
                model.model ? null : h("span", { class: "tag" }, t("models.part")),
            ),
            model.about ? h("p", { class: "muted" }, model.about) : null,
            model.presets.length > 0 ? h("p", { class: "muted" }, t("models.presets", { names: model.presets.join(", ") })) : null,
            model.missing.length > 0
                ? h(
                      "details",
                      {},
                      h("summary", {}, t("models.lacks", { n: model.missing.length, all: model.files })),
                      h(
                          "ul",
                          { class: "files" },
                          model.missing.map((file) => h("li", {}, file)),
                      ),
                  )
                : null,
            model.pull ? pullTools(model) : null,
        );
    }

    function pullTools(model) {
        const place = h("div", { class: "stack" });
        const rest = () => {
            place.replaceChildren(
                h(
                    "div",
                    { class: "actions" },
                    button(t("models.pull"), () => attempt(() => api.pull(model.name)).then(() => look(true)), {
                        name: "download",
                        "aria-label": t("models.pull-one", { name: model.name }),
                    }),
                ),
                command(model.pull),
            );
        };
        pulls.set(model.name, (pull) => {
            if (pull.state !== "running") {
                rest();
                if (pull.error) {
                    place.prepend(h("p", { class: "error", role: "alert" }, pull.error));
                }
                return;
            }
            const share = pull.total > 0 ? Math.floor((100 * pull.done) / pull.total) : 0;
            const fill = h("div", { class: "bar-fill", style: { width: `${share}%` } });
            place.replaceChildren(
                h(
                    "div",
                    {
                        class: "bar",
                        role: "progressbar",
                        "aria-label": model.name,
                        "aria-valuemin": 0,
                        "aria-valuemax": 100,
                        "aria-valuenow": share,
                    },
                    fill,
                ),
                h(
                    "p",
                    { class: "muted" },
                    [`${share} %`, `${bytes(pull.done)} / ${bytes(pull.total)}`, pull.file].filter(Boolean).join(" · "),
                ),
                h(
                    "div",
                    { class: "actions" },
                    button(t("models.stop"), () => attempt(() => api.cancelPull(model.name)).then(() => look(true)), { name: "close" }),
                ),
            );
        });
        rest();
        return place;
    }
}

function section(title, cards) {
    return h("section", { class: "stack" }, h("h2", {}, title), h("ul", { class: "cards" }, cards));
}

function command(text) {
    return h(
        "div",
        { class: "command" },
        h("code", {}, text),
        iconButton("copy", t("models.copy", { command: text }), async () => {
            await navigator.clipboard.writeText(text).then(
                () => toast(t("models.copied")),
                () => toast(t("models.not-copied"), "bad"),
            );
        }),
    );
}
