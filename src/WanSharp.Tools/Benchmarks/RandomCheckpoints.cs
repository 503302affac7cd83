using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Storage;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Tools.Benchmarks;

/// <summary>
/// Checkpoints of random numbers for networks whose weights are not here: the same bytes on every machine, written once
/// into a folder, a file for each block so that no more than a block is in memory; GGUF's types are one file.
/// </summary>
/// <remarks>
/// Every type holds the same numbers, rounded. F32, F16 and BF16 hold all weights; fp8 and GGUF's types hold the matrices, as
/// published files do, and F32 the rest. The matrices of fp8 have a scale next to them, <c>scale_weight</c>, as ComfyUI's.
/// </remarks>
/// <param name="folder">Where checkpoints are kept.</param>
internal sealed class RandomCheckpoints(string folder)
{
    private const string IndexFile = "model.safetensors.index.json";
    private const string QuantizedFile = "model.gguf";
    private const string WeightSuffix = ".weight";
    private const int ChunkLength = 1 << 16; // whole blocks of every type

    // In deviations: none of the generator's numbers is as far out.
    private const float FarthestNumber = 8;
    private const float LargestFloat8 = 448;

    /// <summary>The checkpoint of a network, written now if it is not there.</summary>
    /// <param name="name">What the network is called; part of the folder's name.</param>
    /// <param name="slots">Its weights.</param>
    /// <param name="dtype">Their element type in the file.</param>
    /// <param name="progress">Receives what is written.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left behind.</param>
    /// <returns>The checkpoint: an index, or a GGUF file.</returns>
    /// <exception cref="BenchmarkException">The disk has no room for it.</exception>
    public string Find(
        string name,
        IEnumerable<WeightSlot> slots,
        DType dtype,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        var weights = slots.DistinctBy(slot => slot.Name).OrderBy(slot => slot.Name, StringComparer.Ordinal).ToList();
        var path = PathOf(name, weights, dtype);
        if (File.Exists(path))
        {
            return path;
        }

        var entry = Path.GetDirectoryName(path)!;
        DiskRoom.Require(folder, weights.Sum(slot => TypeOf(slot, dtype).ByteLength(slot.Shape.ElementCount)));
        var partial = $"{entry}.{Path.GetRandomFileName()}.partial";
        DurableFiles.CreateFolder(partial);
        try
        {
            // Reading what is there is faster than drawing the numbers again.
            var wide = PathOf(name, weights, DType.F32);
            using var numbers = File.Exists(wide) ? Checkpoint.Open(wide) : null;
            var writer = new Writer(weights, dtype, numbers, progress, cancellationToken);
            if (dtype.BlockLength() > 1)
            {
                writer.WriteGguf(Path.Combine(partial, QuantizedFile));
            }
            else
            {
                writer.WriteShards(partial);
            }

            AtomicFolder.Publish(partial, entry);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }

        return path;
    }

    private string PathOf(string name, List<WeightSlot> weights, DType dtype) =>
        Path.Combine(folder, $"{name}-{dtype.Name()}-{DigestOf(weights)}", dtype.BlockLength() > 1 ? QuantizedFile : IndexFile);

    /// <summary>What a weight is stored in: of fp8 and GGUF's types only matrices.</summary>
    private static DType TypeOf(WeightSlot slot, DType dtype)
    {
        var isForAll = dtype is DType.F32 or DType.F16 or DType.BF16;
        var isMatrix =
            slot.Shape.Rank == 2 && slot.Name.EndsWith(WeightSuffix, StringComparison.Ordinal) && slot.Shape[1] % dtype.BlockLength() == 0;
        return isForAll || isMatrix ? dtype : DType.F32;
    }

    private static string DigestOf(List<WeightSlot> weights)
    {
        const int Length = 12; // enough to tell apart the networks of one folder
        var text = string.Join('\n', weights.Select(slot => $"{slot.Name} {slot.Shape}"));
        return Digests.OfText(text)[..Length];
    }

    /// <summary>Writes one checkpoint.</summary>
    private sealed class Writer(
        List<WeightSlot> weights,
        DType dtype,
        ICheckpoint? numbers,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        private readonly Dictionary<string, uint> _streams = weights
            .Select((slot, position) => (slot.Name, Stream: (uint)position))
            .ToDictionary(pair => pair.Name, pair => pair.Stream);

        public void WriteGguf(string path)
        {
            progress?.Report($"writing random weights in {dtype.Name()}");
            GgufWriter.Write(
                path,
                "wan",
                [.. weights.Select(slot => (slot.Name, TypeOf(slot, dtype), slot.Shape))],
                i => Random(weights[i]),
                cancellationToken
            );
        }

        public void WriteShards(string folder)
        {
            var files = new JsonObject();
            var shards = weights.GroupBy(slot => ShardOf(slot.Name)).ToList();
            foreach (var (number, shard) in shards.Index())
            {
                progress?.Report($"writing random weights: part {number + 1} of {shards.Count}");
                var file = $"{shard.Key}.safetensors";
                var tensors = new Dictionary<string, Tensor>();
                try
                {
                    foreach (var slot in shard)
                    {
                        tensors.Add(slot.Name, Random(slot));
                        if (IsScaled(slot))
                        {
                            tensors.Add($"{slot.Name[..^WeightSuffix.Length]}.scale_weight", Tensor.CopyOf<float>([1], [ScaleOf(slot)]));
                        }
                    }

                    SafetensorsWriter.Write(Path.Combine(folder, file), tensors, cancellationToken: cancellationToken);
                    foreach (var name in tensors.Keys)
                    {
                        files[name] = file;
                    }
                }
                finally
                {
                    foreach (var tensor in tensors.Values)
                    {
                        tensor.Dispose();
                    }
                }
            }

            File.WriteAllText(Path.Combine(folder, IndexFile), new JsonObject { ["weight_map"] = files }.ToJsonString());
        }

        /// <summary>"blocks.7" for the weights of block 7, "rest" for those of no block.</summary>
        private static string ShardOf(string name) => name.Split('.') is ["blocks", var number, ..] ? $"blocks.{number}" : "rest";

        private bool IsScaled(WeightSlot slot) => TypeOf(slot, dtype) == DType.F8E4M3;

        private static float ScaleOf(WeightSlot slot) => FarthestNumber * Distribution(slot).Deviation / LargestFloat8;

        private Tensor Random(WeightSlot slot)
        {
            var tensor = Tensor.Zeros(TypeOf(slot, dtype), slot.Shape);
            var flat = tensor.Reshape([slot.Shape.ElementCount]);
            var chunks = (slot.Shape.ElementCount + ChunkLength - 1) / ChunkLength;
            Parallel.For(
                0,
                chunks,
                new ParallelOptions { CancellationToken = cancellationToken },
                chunk =>
                {
                    var start = chunk * ChunkLength;
                    using var values = Tensor.Zeros(DType.F32, [Math.Min(ChunkLength, slot.Shape.ElementCount - start)]);
                    Fill(slot, start, values);
                    var target = flat.Slice(start, values.Shape[0]);
                    if (tensor.DType.BlockLength() > 1)
                    {
                        BlockQuantizer.Quantize(tensor.DType, values.Read<float>(), target.WriteBytes(0, (int)target.ByteLength));
                    }
                    else
                    {
                        values.ConvertTo(target);
                    }
                }
            );
            return tensor;
        }

        /// <summary>The numbers of a part of a weight, divided by its scale if it has one.</summary>
        private void Fill(WeightSlot slot, long start, Tensor values)
        {
            var floats = values.Write<float>();
            if (numbers is not null)
            {
                numbers.Get(slot.Name).Reshape([slot.Shape.ElementCount]).Slice(start, floats.Length).ConvertTo(floats);
            }
            else
            {
                var (mean, deviation) = Distribution(slot);
                new NoiseGenerator(Seed: 0, _streams[slot.Name]).Fill(floats, start);
                for (var i = 0; i < floats.Length; i++)
                {
                    floats[i] = mean + (deviation * floats[i]);
                }
            }

            if (IsScaled(slot))
            {
                TensorPrimitives.Divide(floats, ScaleOf(slot), floats);
            }
        }

        /// <summary>
        /// Numbers that keep activations near 1 however deep the network: gains about 1, small biases, matrices by their inputs.
        /// </summary>
        private static (float Mean, float Deviation) Distribution(WeightSlot slot)
        {
            var isGain =
                slot.Name.EndsWith(".gamma", StringComparison.Ordinal)
                || (slot.Shape.Rank == 1 && slot.Name.EndsWith(".weight", StringComparison.Ordinal));
            if (isGain)
            {
                return (1, 0.1f);
            }

            return slot.Shape.Rank == 1 ? (0, 0.02f) : (0, 1 / MathF.Sqrt((float)slot.Shape.ElementCount / slot.Shape[0]));
        }
    }
}
