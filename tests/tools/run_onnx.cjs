// Runs the files of an export with onnxruntime-node, which shares no code with us, on the tensors of one safetensors
// file, and writes what comes out to another.
//
// usage: node run_onnx.cjs ONNXRUNTIME_NODE_FOLDER EXPORT_FOLDER INPUTS.safetensors OUTPUTS.safetensors
//
// Tensors are named GRAPH.INPUT and GRAPH.OUTPUT. A streamed network's pieces are GRAPH.INPUT.0, .1, …: the first runs
// GRAPH_first.onnx, the others GRAPH_next.onnx with the caches of the step before.
'use strict';
const fs = require('fs');
const path = require('path');

const [runtimeFolder, exportFolder, inputsFile, outputsFile] = process.argv.slice(2);
const ort = require(runtimeFolder);
const TYPES = { F32: ['float32', Float32Array], I64: ['int64', BigInt64Array] };

function readTensors(file) {
  const bytes = fs.readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start));
  delete header.__metadata__;
  return new Map(Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    const [type, Values] = TYPES[dtype];
    const copy = bytes.buffer.slice(bytes.byteOffset + start + from, bytes.byteOffset + start + to);
    return [name, new ort.Tensor(type, new Values(copy), shape)];
  }));
}

function writeTensors(file, tensors) {
  const header = {};
  let end = 0;
  for (const [name, { dims, data }] of tensors) {
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [end, end += data.byteLength] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const parts = [...tensors.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  fs.writeFileSync(file, Buffer.concat([length, json, ...parts]));
}

const open = name => ort.InferenceSession.create(path.join(exportFolder, `${name}.onnx`));

function inputsOf(tensors, graph) {
  const own = [...tensors].filter(([name]) => name.startsWith(`${graph}.`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(graph.length + 1), value]));
}

async function whole(graph, tensors, outputs) {
  const session = await open(graph);
  for (const [name, value] of Object.entries(await session.run(inputsOf(tensors, graph)))) {
    outputs.set(`${graph}.${name}`, value);
  }
}

async function streamed(graph, input, output, tensors, outputs) {
  const pieces = inputsOf(tensors, graph);
  const [first, next] = [await open(`${graph}_first`), await open(`${graph}_next`)];
  let caches = {};
  for (let i = 0; `${input}.${i}` in pieces; i++) {
    const step = await (i === 0 ? first : next).run({ [input]: pieces[`${input}.${i}`], ...caches });
    outputs.set(`${graph}.${output}.${i}`, step[output]);
    const kept = Object.entries(step).filter(([name]) => name.endsWith('.next'));
    caches = Object.fromEntries(kept.map(([name, value]) => [name.slice(0, -5), value]));
  }
}

(async () => {
  const tensors = readTensors(inputsFile);
  const outputs = new Map();
  await whole('transformer', tensors, outputs);
  await whole('text_encoder', tensors, outputs);
  await streamed('vae_encode', 'frames', 'latents', tensors, outputs);
  await streamed('vae_decode', 'latents', 'frames', tensors, outputs);
  writeTensors(outputsFile, outputs);
})().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
