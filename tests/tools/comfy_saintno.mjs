// A client of ComfyUI's API against a server: connects, runs a graph, reads where its clip is. Prints what it saw as JSON.
import { readFileSync } from "node:fs";
import { CallWrapper, ComfyApi, PromptBuilder } from "@saintno/comfyui-sdk";

const [base, graph] = process.argv.slice(2);
const api = await new ComfyApi(base, "saintno").init(5, 500).waitForReady();
const prompt = new PromptBuilder(JSON.parse(readFileSync(graph, "utf8")), ["text"], ["clip"])
    .setInputNode("text", "6.inputs.text")
    .setOutputNode("clip", "28")
    .input("text", "a red fox");
const steps = [];
const outputs = await new CallWrapper(api, prompt)
    .onProgress((progress) => steps.push(progress.value))
    .onFailed((error) => {
        console.error(error);
        process.exit(1);
    })
    .run();
const file = outputs.clip.images[0];
const clip = Buffer.from(await (await fetch(api.getPathImage(file))).arrayBuffer());
const stats = await api.getSystemStats();
console.log(JSON.stringify({ steps, file, magic: clip.subarray(0, 4).toString("latin1"), stats }));
process.exit(0);
