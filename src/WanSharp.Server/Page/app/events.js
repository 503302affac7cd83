// What happens on the server, as it happens. One connection serves all views.

const TYPES = ["queued", "in_progress", "progress", "preview", "completed", "failed", "deleted"].map((name) => `video.${name}`);

const listeners = new Set();
const watchers = new Set();
let source = null;

/** Calls back for each event, until the function that is returned is called. */
export function listen(callback) {
    listeners.add(callback);
    return () => listeners.delete(callback);
}

/** Calls back when the connection is lost or is there again. */
export function watch(callback) {
    watchers.add(callback);
}

/** Connects, or connects anew. */
export function connect() {
    source?.close();
    source = new EventSource("/v1/events");
    const hand = (event) => {
        for (const listener of [...listeners]) {
            listener(event.type, event.data ? JSON.parse(event.data) : null);
        }
    };
    for (const type of [...TYPES, "reset"]) {
        source.addEventListener(type, hand);
    }
    source.addEventListener("open", () => {
        for (const watcher of watchers) {
            watcher(true);
        }
    });
    source.addEventListener("error", () => {
        for (const watcher of watchers) {
            watcher(false);
        }
    });
}
