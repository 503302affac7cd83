// What several views show of a video: its clip, its preview, how far it is, and what can be done with it.
import { api } from "./api.js";
import { button, h, icon, iconButton, toast } from "./dom.js";
import { t } from "./i18n.js";
import { duration } from "./format.js";
import { favourites } from "./store.js";

/** The clip itself, which plays: a video, or a picture where the format is one. */
export function player(video, { autoplay = true } = {}) {
    const still = !autoplay || matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (video.media_type.startsWith("image/")) {
        return h("img", { class: "clip", src: api.content(video.id), alt: video.prompt });
    }
    return h("video", {
        class: "clip",
        src: api.content(video.id),
        controls: true,
        loop: true,
        muted: true,
        playsinline: true,
        autoplay: !still,
        "aria-label": video.prompt,
    });
}

/** A picture that follows the steps of a clip: the newest is loaded when the one before is there. */
export function livePreview(className) {
    const image = h("img", { class: className, alt: t("clip.preview"), hidden: true });
    let [loading, next] = [false, null];
    const load = (address) => {
        if (loading) {
            next = address;
            return;
        }
        loading = true;
        const picture = new Image();
        const done = (isThere) => {
            loading = false;
            if (isThere) {
                image.src = picture.src;
                image.hidden = false;
            }
            if (next) {
                const wanted = next;
                next = null;
                load(wanted);
            }
        };
        picture.onload = () => done(true);
        picture.onerror = () => done(false);
        picture.src = address;
    };
    return { image, load };
}

/** How far a video is: a bar, what it does now, and how long it still takes. */
export function progress(video) {
    const fill = h("div", { class: "bar-fill" });
    const bar = h(
        "div",
        { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("clip.progress") },
        fill,
    );
    const text = h("span", { class: "muted" });
    const element = h("div", { class: "progress" }, bar, text);
    let began = null;
    const update = (now, event) => {
        bar.setAttribute("aria-valuenow", now.progress);
        fill.style.setProperty("width", `${now.progress}%`);
        if (now.status !== "in_progress") {
            text.textContent = t(`status.${now.paused ? "paused" : now.status}`);
            return;
        }
        if (began === null || now.progress < began.progress) {
            began = { at: performance.now(), progress: now.progress };
        }
        const gained = now.progress - began.progress;
        const passed = (performance.now() - began.at) / 1000;
        const left = gained >= 4 && passed > 1 ? t("clip.left", { time: duration((passed / gained) * (100 - now.progress)) }) : null;
        const stage = event?.stage ? t(`stage.${event.stage}`, { done: event.done, total: event.total }) : t("status.in_progress");
        text.textContent = [now.paused ? t("status.paused") : stage, `${now.progress} %`, left].filter(Boolean).join(" · ");
    };
    update(video);
    return { element, update };
}

/** Does something that the server may refuse, and shows what it says then. */
export async function attempt(work) {
    try {
        await work();
        return true;
    } catch (problem) {
        toast(problem.message, "bad");
        return false;
    }
}

/** An error with the server's words, and a way to try again. */
export function failure(problem, again) {
    return h(
        "div",
        { class: "empty bad", role: "alert" },
        h("div", { class: "empty-icon" }, icon("alert")),
        h("h2", {}, t("error.title")),
        h("p", {}, problem.message),
        again ? button(t("error.again"), again, { name: "retry" }) : null,
    );
}

/** The star of a video. */
export function star(video, changed) {
    const label = () => t(favourites.has(video.id) ? "clip.unstar" : "clip.star");
    const one = iconButton("star", label(), (event) => {
        event.stopPropagation();
        const isOne = favourites.toggle(video.id);
        one.classList.toggle("is-on", isOne);
        one.setAttribute("aria-pressed", isOne);
        one.title = label();
        one.setAttribute("aria-label", label());
        changed?.(isOne);
    });
    one.classList.toggle("is-on", favourites.has(video.id));
    one.setAttribute("aria-pressed", favourites.has(video.id));
    return one;
}

const varying = new Map();

/** Makes a video once more with another seed; a second click before that is asked for means the same one. */
export function vary(video) {
    const ask = async () => api.create({ prompt: (await api.settingsOf(video.id)).prompt, seed: "random" }, null, video.id);
    if (!varying.has(video.id)) {
        varying.set(
            video.id,
            ask().finally(() => varying.delete(video.id)),
        );
    }
    return varying.get(video.id);
}

/** Saves a clip as a file. */
export function downloadLink(video, kind = "") {
    return h(
        "a",
        { class: `button ${kind}`, href: api.download(video.id), download: "" },
        icon("download"),
        h("span", {}, t("clip.download")),
    );
}
