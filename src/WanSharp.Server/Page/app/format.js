// Numbers, times and sizes as people read them.
import { language, t } from "./i18n.js";

export function duration(seconds) {
    if (seconds < 0.95) {
        return t("time.moment");
    }
    if (seconds < 90) {
        return t("time.seconds", { n: Math.round(seconds) });
    }
    if (seconds < 5400) {
        return t("time.minutes", { n: Math.round(seconds / 60) });
    }
    const hours = Math.floor(seconds / 3600);
    return t("time.hours", { n: hours, minutes: Math.round((seconds - hours * 3600) / 60) });
}

export function bytes(count) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let [value, unit] = [count, 0];
    while (value >= 1000 && unit < units.length - 1) {
        [value, unit] = [value / 1000, unit + 1];
    }
    return `${value.toLocaleString(language(), { maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}

export function number(value) {
    return Number(value).toLocaleString(language());
}

export function date(unixSeconds) {
    return new Date(unixSeconds * 1000).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
}

/** "96×96 · 17 frames · 1.1 s" */
export function shape(video) {
    return [
        video.size.replace("x", "×"),
        t("clip.frames", { n: video.num_frames }),
        t("clip.length", { n: Number(video.seconds).toLocaleString(language(), { maximumFractionDigits: 2 }) }),
    ].join(" · ");
}
