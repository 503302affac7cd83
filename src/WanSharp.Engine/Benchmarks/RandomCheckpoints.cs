using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Engine.Benchmarks;

/// <summary>
/// Checkpoints of random numbers for networks whose weights are not here: the same bytes on every machine, written once
/// into a folder, a file for each block so that no more than a block is in memory.
/// </summary>
/// <param name="folder">Where checkpoints are kept.</param>
internal sealed class RandomCheckpoints(string folder)
{
    private const string IndexFile = "model.safetensors.index.json";
    private const int ChunkLength = 1 << 16;

    /// <summary>The checkpoint of a network, written now if it is not there.</summary>
    /// <param name="name">What the network is called; part of the folder's name.</param>
    /// <param name="slots">Its weights.</param>
    /// <param name="dtype">Their element type in the file.</param>
    /// <param name="progress">Told what is written.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left behind.</param>
    /// <returns>The index of the checkpoint.</returns>
    public string Find(string name, IEnumerable<WeightSlot> slots, DType dtype, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var weights = slots.DistinctBy(slot => slot.Name).OrderBy(slot => slot.Name, StringComparer.Ordinal).ToList();
        var entry = Path.Combine(folder, $"{name}-{dtype.Name()}-{DigestOf(weights)}");
        var index = Path.Combine(entry, IndexFile);
        if (File.Exists(index))
        {
            return index;
        }

        var partial = $"{entry}.{Path.GetRandomFileName()}.partial";
        Directory.CreateDirectory(partial);
        try
        {
            Write(partial, weights, dtype, progress, cancellationToken);
            Directory.Move(partial, entry);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }

        return index;
    }

    private static void Write(string folder, List<WeightSlot> weights, DType dtype, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var files = new JsonObject();
        var streams = weights.Select((slot, position) => (slot.Name, Stream: (uint)position)).ToDictionary(pair => pair.Name, pair => pair.Stream);
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
                    tensors.Add(slot.Name, Random(slot, streams[slot.Name], dtype, cancellationToken));
                    files[slot.Name] = file;
                }

                SafetensorsWriter.Write(Path.Combine(folder, file), tensors, cancellationToken: cancellationToken);
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
    private static string ShardOf(string name) =>
        name.Split('.') is ["blocks", var number, ..] ? $"blocks.{number}" : "rest";

    private static Tensor Random(WeightSlot slot, uint stream, DType dtype, CancellationToken cancellationToken)
    {
        var tensor = Tensor.Zeros(dtype, slot.Shape);
        var flat = tensor.Reshape([slot.Shape.ElementCount]);
        var (mean, deviation) = Distribution(slot);
        var noise = new NoiseGenerator(Seed: 0, stream);
        var chunks = (slot.Shape.ElementCount + ChunkLength - 1) / ChunkLength;
        Parallel.For(0, chunks, new ParallelOptions { CancellationToken = cancellationToken }, chunk =>
        {
            var start = chunk * ChunkLength;
            var values = new float[Math.Min(ChunkLength, slot.Shape.ElementCount - start)];
            noise.Fill(values, start);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = mean + (deviation * values[i]);
            }

            using var source = Tensor.CopyOf<float>([values.Length], values);
            source.ConvertTo(flat.Slice(start, values.Length));
        });
        return tensor;
    }

    /// <summary>Numbers that keep activations near 1 however deep the network: gains about 1, small biases, matrices by their inputs.</summary>
    private static (float Mean, float Deviation) Distribution(WeightSlot slot)
    {
        var isGain = slot.Name.EndsWith(".gamma", StringComparison.Ordinal) || (slot.Shape.Rank == 1 && slot.Name.EndsWith(".weight", StringComparison.Ordinal));
        if (isGain)
        {
            return (1, 0.1f);
        }

        return slot.Shape.Rank == 1 ? (0, 0.02f) : (0, 1 / MathF.Sqrt((float)slot.Shape.ElementCount / slot.Shape[0]));
    }

    private static string DigestOf(List<WeightSlot> weights)
    {
        const int Length = 12; // enough to tell apart the networks of one folder
        var text = string.Join('\n', weights.Select(slot => $"{slot.Name} {slot.Shape}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..Length];
    }
}
