// Moving what waits within the order in which it is made.

/** The ids to put in order so that a video moves from one place to another: no more than that needs. */
export function moved(order, from, to) {
    const wanted = [...order];
    wanted.splice(to, 0, ...wanted.splice(from, 1));
    const last = Math.max(from, to, order.findLastIndex((video) => video.place !== undefined && video.place !== null));
    return wanted.slice(0, last + 1).map((video) => video.id);
}
