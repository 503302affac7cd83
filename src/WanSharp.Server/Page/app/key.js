// Keys of requests that make something: the same form that is sent again is the same request.

/** Gives a key for what is filled in, the same one until it was made or something else is filled in. */
export function keyOnce() {
    let [content, key] = [null, null];
    return {
        of(...parts) {
            const now = JSON.stringify(parts, (_, part) =>
                part instanceof File ? [part.name, part.size, part.lastModified] : part instanceof Set ? [...part] : part,
            );
            if (now !== content) {
                [content, key] = [now, [...crypto.getRandomValues(new Uint32Array(4))].map((one) => one.toString(36)).join("-")];
            }
            return key;
        },
        made() {
            content = null;
        },
    };
}
