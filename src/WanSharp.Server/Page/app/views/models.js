// The models that are here, and what the others lack.
import { api } from "../api.js";
import { h, icon, iconButton, toast, withCode } from "../dom.js";
import { failure } from "../clip.js";
import { t } from "../i18n.js";

export function open(main) {
    const list = h("div", { class: "stack", "aria-busy": "true" }, h("p", { class: "muted" }, t("loading")));
    main.append(h("div", { class: "title" }, h("h1", {}, t("nav.models")), h("p", { class: "muted" }, withCode(t("models.about")))), list);
    show();

    async function show() {
        try {
            const { served, data } = await api.models();
            const rank = (one) => (one.name === served ? 0 : one.missing.length === 0 ? 1 : one.model ? 2 : 3);
            const models = data.toSorted((a, b) => rank(a) - rank(b));
            const [here, elsewhere] = [models.filter((one) => one.missing.length === 0), models.filter((one) => one.missing.length > 0)];
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
        } catch (problem) {
            list.replaceChildren(failure(problem, show));
        }
        list.removeAttribute("aria-busy");
    }
}

function section(title, cards) {
    return h("section", { class: "stack" }, h("h2", {}, title), h("ul", { class: "cards" }, cards));
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
        model.pull
            ? h(
                  "div",
                  { class: "command" },
                  h("code", {}, model.pull),
                  iconButton("copy", t("models.copy", { command: model.pull }), async () => {
                      await navigator.clipboard.writeText(model.pull).then(
                          () => toast(t("models.copied")),
                          () => toast(t("models.not-copied"), "bad"),
                      );
                  }),
              )
            : null,
    );
}
