// Asks for a key, where the server has keys.
import { api } from "../api.js";
import { h, withCode } from "../dom.js";
import { t } from "../i18n.js";

let open = null;

/** Asks until a key is right. Whoever asks meanwhile waits for the same answer. */
export function signIn() {
    open ??= new Promise((resolve) => {
        const key = h("input", {
            id: "key",
            type: "password",
            autocomplete: "current-password",
            required: true,
            "aria-describedby": "key-help",
        });
        const error = h("p", { class: "error", role: "alert" });
        const dialog = h(
            "dialog",
            { class: "dialog narrow", "aria-labelledby": "key-title" },
            h(
                "form",
                {
                    class: "stack",
                    onsubmit: async (event) => {
                        event.preventDefault();
                        try {
                            await api.signIn(key.value);
                            dialog.close();
                            dialog.remove();
                            open = null;
                            resolve();
                        } catch (problem) {
                            error.textContent = problem.message;
                            key.select();
                        }
                    },
                },
                h("h2", { id: "key-title" }, t("key.title")),
                h("p", { id: "key-help", class: "muted" }, withCode(t("key.help"))),
                h("label", { class: "field", for: "key" }, h("span", { class: "label" }, t("key.label")), key),
                error,
                h("button", { type: "submit", class: "button primary" }, t("key.send")),
            ),
        );
        dialog.addEventListener("cancel", (event) => event.preventDefault());
        document.body.append(dialog);
        dialog.showModal();
    });
    return open;
}
