// Which view is shown, by the address's hash: #/gallery/video_1?q=cat

/** The place that the address names. */
export function place() {
    const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const [view = "", id = null] = path.split("/");
    return { view: view || "generate", id: id ? decodeURIComponent(id) : null, query: Object.fromEntries(new URLSearchParams(search)) };
}

export function address(view, id, values) {
    const search = new URLSearchParams(values ?? {}).toString();
    return `#/${view}${id ? `/${encodeURIComponent(id)}` : ""}${search ? `?${search}` : ""}`;
}

export function go(view, id, values) {
    location.hash = address(view, id, values);
}

/** Changes the address without showing another view. */
export function rename(view, id, values) {
    history.replaceState(null, "", address(view, id, values));
}
