// Another client of ComfyUI's API against a server. Prints what it saw as JSON.
import { readFileSync } from "node:fs";
import { Client } from "@stable-canvas/comfyui-client";
import WebSocket from "ws";

const [base, graph] = process.argv.slice(2);
const client = new Client({ api_host: new URL(base).host, clientId: "stable", WebSocket, fetch });
const open = new Promise((resume) => client.on("connected", resume));
client.connect();
await open; // what is told before nobody hears
const progress = [];
client.on("progress", (data) => progress.push(data.value));
const prompt = JSON.parse(readFileSync(graph, "utf8"));
const result = await client.enqueue(prompt, {});
const queue = await client.getQueue();
const stats = await client.getSystemStats();
console.log(JSON.stringify({ progress, id: result.prompt_id, images: result.images?.length ?? 0, queue, stats }));
process.exit(0);
