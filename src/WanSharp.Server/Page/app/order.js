// The order in which what waits is made: those that were put in order first, then higher priorities, then those asked for first.

/** The videos in the order in which they are made. `videos` came in the order in which they were asked for. */
export function inOrder(videos) {
    return videos
        .map((video, asked) => ({ video, asked }))
        .toSorted((a, b) => byPlace(a.video, b.video) || b.video.priority - a.video.priority || a.asked - b.asked)
        .map(({ video }) => video);
}

/** Those without a place come last; of two without one neither comes first. */
function byPlace(a, b) {
    const [first, second] = [a.place ?? Infinity, b.place ?? Infinity];
    return first === second ? 0 : first - second;
}

/** The ids to put in order so that a video moves from one place to another: no more than that needs. */
export function moved(order, from, to) {
    const wanted = [...order];
    wanted.splice(to, 0, ...wanted.splice(from, 1));
    const last = Math.max(from, to, order.findLastIndex((video) => video.place !== undefined && video.place !== null));
    return wanted.slice(0, last + 1).map((video) => video.id);
}
