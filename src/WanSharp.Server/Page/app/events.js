// What happens on the server, as it happens. One connection serves all views.

const TYPES = ["queued", "in_progress", "progress", "preview", "completed", "failed", "deleted"].map((name) => `video.${name}`);

const listeners = new Set();
const watchers = new Set();
let source = null;
let wait = 0;

const SHORTEST = 1000;
const LONGEST = 30000;

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
    let isNew = true;
    source.addEventListener("open", () => {
        wait = 0;
        if (isNew) {
            isNew = false; // what happened before, this connection does not tell; one that comes back by itself has it replayed
            hand({ type: "reset" });
        }
        for (const watcher of watchers) {
            watcher(true);
        }
    });
    const mine = source;
    source.addEventListener("error", () => {
        if (mine.readyState === EventSource.CLOSED && mine === source) {
            // the browser comes back by itself from a broken line, but not from an answer such as a proxy's 502
            wait = Math.min(LONGEST, Math.max(SHORTEST, 2 * wait));
            setTimeout(() => mine === source && connect(), wait);
        }
        for (const watcher of watchers) {
            watcher(false);
        }
    });
}
