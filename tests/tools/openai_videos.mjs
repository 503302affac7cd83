// The official client against a server: create, retrieve until done, download, list, remix, delete. Prints what it saw as JSON.
import OpenAI, { toFile } from "openai";

const [base, picture] = process.argv.slice(2);
const client = new OpenAI({ apiKey: "none", baseURL: `${base}/v1`, maxRetries: 0 });

async function done(video) {
    while (video.status === "queued" || video.status === "in_progress") {
        await new Promise((resume) => setTimeout(resume, 50));
        video = await client.videos.retrieve(video.id);
    }
    return video;
}

const body = { prompt: "a red circle", num_frames: 5, steps: 2 };
const created = await client.videos.create(body);
const completed = await done(created);
const content = await client.videos.downloadContent(created.id);
const bytes = Buffer.from(await content.arrayBuffer());
const thumbnail = await client.videos.downloadContent(created.id, { variant: "thumbnail" });
const remixed = await done(await client.videos.remix(created.id, { prompt: "a blue square" }));
const listed = [];
for await (const video of client.videos.list({ limit: 1 })) {
    listed.push(video.id);
}
const deleted = [];
for await (const video of client.videos.list({ limit: 1 })) {
    deleted.push(await client.videos.delete(video.id));
}
const refused = await client.videos
    .create({ prompt: "a", steps: "many" })
    .then(() => null)
    .catch((error) => ({ type: error.constructor.name, status: error.status, param: error.param, code: error.code }));
const pictured = picture
    ? await client.videos
          .create({ ...body, input_reference: await toFile(Buffer.from(picture, "base64"), "first.png", { type: "image/png" }) })
          .then((video) => video.status)
          .catch((error) => `${error.status} ${error.param}`)
    : null;
const models = [];
for await (const model of client.models.list()) {
    models.push((await client.models.retrieve(model.id)).id);
}
console.log(
    JSON.stringify({
        created,
        completed,
        type: content.headers.get("content-type"),
        magic: bytes.subarray(0, 4).toString("latin1"),
        thumbnail: thumbnail.headers.get("content-type"),
        remixed,
        listed,
        deleted,
        refused,
        pictured,
        models,
    }),
);
