// The order in which what waits is made: higher priorities first, then those that were asked for first.

const MOST = 1000;

/** The videos in the order in which they are made. `videos` came in the order in which they were asked for. */
export function inOrder(videos) {
    return videos
        .map((video, asked) => ({ video, asked }))
        .toSorted((a, b) => b.video.priority - a.video.priority || a.asked - b.asked)
        .map(({ video }) => video);
}

/**
 * The fewest priorities to change so that videos are made in a wanted order: a map of ids to priorities; null where there is no room.
 * `wanted` is that order; `asked` has the ids in the order in which they were asked for.
 */
export function changesFor(wanted, asked) {
    const rank = new Map(asked.map((id, index) => [id, index]));
    const comesFirst = (a, b) => rank.get(a.id) < rank.get(b.id);
    const down = [];
    for (const [i, video] of wanted.entries()) {
        const highest = i === 0 ? MOST : down[i - 1] - (comesFirst(wanted[i - 1], video) ? 0 : 1);
        down.push(Math.min(video.priority, highest));
    }
    const up = [];
    for (const [i, video] of [...wanted.entries()].reverse()) {
        const lowest = i === wanted.length - 1 ? -MOST : up[0] + (comesFirst(video, wanted[i + 1]) ? 0 : 1);
        up.unshift(Math.max(video.priority, lowest));
    }
    const changes = [down, up]
        .filter((priorities) => priorities.every((one) => Math.abs(one) <= MOST))
        .map((priorities) => new Map(wanted.map((video, i) => [video, priorities[i]]).filter(([video, one]) => video.priority !== one)));
    const fewest = changes.toSorted((a, b) => a.size - b.size)[0];
    return fewest ? new Map([...fewest].map(([video, priority]) => [video.id, priority])) : null;
}
