// A place where a file can be dropped.
import { h } from "./dom.js";

/** Takes the first dropped file that will do; others are left alone. */
export function dropZone(take, accepts = () => true) {
    const zone = h("div", {
        class: "drop",
        ondragover: (event) => {
            event.preventDefault();
            zone.classList.add("is-over");
        },
        ondragleave: () => zone.classList.remove("is-over"),
        ondrop: (event) => {
            event.preventDefault();
            zone.classList.remove("is-over");
            const file = [...event.dataTransfer.files].find(accepts);
            if (file) {
                take(file);
            }
        },
    });
    return zone;
}
