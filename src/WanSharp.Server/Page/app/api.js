// The server's API. Whatever fails is an ApiError with the server's own message.
import { t } from "./i18n.js";

export class ApiError extends Error {
    constructor(status, { message, code, param, problems } = {}) {
        super(message ?? t("error.unknown", { status }));
        Object.assign(this, { status, code, param, problems: problems ?? [] });
    }
}

let askForKey = null;

/** Sets what asks the user for a key when the server wants one. */
export function onKeyNeeded(ask) {
    askForKey = ask;
}

async function request(method, path, body, { signal, key } = {}) {
    const options = { method, signal, headers: key ? { "Idempotency-Key": key } : {} };
    if (body instanceof FormData) {
        options.body = body;
    } else if (body !== undefined) {
        options.body = JSON.stringify(body);
        options.headers["Content-Type"] = "application/json";
    }
    let answer;
    try {
        answer = await fetch(path, options);
    } catch (error) {
        if (error.name === "AbortError") {
            throw error;
        }
        throw new ApiError(0, { message: t("error.offline"), code: "offline" });
    }
    if (answer.status === 401 && askForKey && path !== "/v1/session") {
        await askForKey();
        return request(method, path, body, { signal, key });
    }
    if (answer.status === 204) {
        return null;
    }
    const json = await answer.json().catch(() => null);
    if (!answer.ok) {
        throw new ApiError(answer.status, json?.error);
    }
    return json;
}

const query = (values) => {
    const text = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null && value !== undefined)).toString();
    return text ? `?${text}` : "";
};

/** A request's fields as a body: JSON, or a form where there are pictures. */
function bodyOf(fields, pictures) {
    const files = Object.entries(pictures ?? {}).filter(([, file]) => file);
    if (files.length === 0) {
        return fields;
    }
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) {
        form.append(name, value);
    }
    for (const [name, file] of files) {
        form.append(name, file, file.name);
    }
    return form;
}

const video = (id, end = "") => `/v1/videos/${encodeURIComponent(id)}${end}`;

export const api = {
    signIn: (key) => request("POST", "/v1/session", { key }),
    settings: () => request("GET", "/v1/settings"),
    plan: (fields, pictures, from, signal) => request("POST", `/v1/plan${query({ remix_of: from })}`, bodyOf(fields, pictures), { signal }),
    /** Made once for each key, however often it is sent. */
    create: (fields, pictures, from, key) =>
        request("POST", from ? video(from, "/remix") : "/v1/videos", bodyOf(fields, pictures), { key }),
    videos: (values) => request("GET", `/v1/videos${query(values)}`),
    video: (id) => request("GET", video(id)),
    settingsOf: (id) => request("GET", video(id, "/settings")),
    act: (id, action) => request("POST", video(id, `/${action}`), {}),
    move: (id, place) => request("POST", "/v1/queue/order", { id, ...place }),
    remove: (id) => request("DELETE", video(id)),
    queue: () => request("GET", "/v1/queue"),
    setPaused: (paused) => request("POST", `/v1/queue/${paused ? "pause" : "resume"}`, {}),
    batches: () => request("GET", "/v1/videos/batches"),
    createBatch: (fields, file, key) => request("POST", "/v1/videos/batches", bodyOf(fields, { file }), { key }),
    actOnBatch: (id, action) => request("POST", `/v1/videos/batches/${encodeURIComponent(id)}/${action}`, {}),
    removeBatch: (id) => request("DELETE", `/v1/videos/batches/${encodeURIComponent(id)}`),
    report: (id) => `/v1/videos/batches/${encodeURIComponent(id)}/report?format=html`,
    models: () => request("GET", "/v1/models/known"),
    pulls: () => request("GET", "/v1/models/pulls"),
    pull: (name) => request("POST", `/v1/models/pulls/${encodeURIComponent(name)}`, {}),
    cancelPull: (name) => request("DELETE", `/v1/models/pulls/${encodeURIComponent(name)}`),
    system: () => request("GET", "/v1/system"),
    doctor: () => request("POST", "/v1/system/doctor", {}),

    content: (id) => video(id, "/content"),
    thumbnail: (id) => video(id, "/content?variant=thumbnail"),
    download: (id) => video(id, "/content?download=1"),

    /** All videos of a state, up to a number. */
    async all(values, most) {
        const found = [];
        let after = null;
        do {
            const page = await api.videos({ ...values, after, limit: Math.min(100, most - found.length) });
            found.push(...page.data);
            after = page.has_more ? page.last_id : null;
        } while (after && found.length < most);
        return found;
    },
};
