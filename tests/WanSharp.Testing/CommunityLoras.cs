using WanSharp.Engine.Noise;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>LoRAs of a tiny transformer, with the names that files of the community have for their layers.</summary>
/// <param name="weights">The transformer's weights by official name.</param>
/// <param name="folder">Where files are written.</param>
public sealed class CommunityLoras(IReadOnlyDictionary<string, Tensor> weights, string folder)
{
    private const string Prefix = "diffusion_model.";
    private const string LowNoise = "transformer_2"; // Diffusers' name for that expert
    private const string Weight = ".weight";
    private const string Bias = ".bias";

    /// <summary>
    /// Writes a file, unless it is there, in the form that its name says: of lightx2v, Lightning, kijai's extractions or PEFT. Where the
    /// name has <c>transformer_2</c>, so have its layers.
    /// </summary>
    /// <returns>Its path.</returns>
    public string Write(string file)
    {
        var path = Path.Combine(folder, file);
        if (File.Exists(path))
        {
            return path;
        }

        Directory.CreateDirectory(folder);
        var tensors = new Dictionary<string, Tensor>();
        var seed = (ulong)file.Sum(c => c);
        Action<string, Shape> add =
            file.Contains("CausVid", StringComparison.Ordinal) || file.Contains("FusionX", StringComparison.Ordinal) ? Peft
            : file.Contains("Lightning", StringComparison.Ordinal) || file.Contains("_4steps_", StringComparison.Ordinal) ? Lightning
            : file.Contains("rCM", StringComparison.Ordinal) || file.Contains("FastWan", StringComparison.Ordinal) ? Extracted
            : Lightx2v;
        foreach (var (name, weight) in weights)
        {
            add(name, weight.Shape);
        }

        var layers = file.Contains(LowNoise, StringComparison.Ordinal) ? $"{LowNoise}." : Prefix;
        SafetensorsWriter.Write(path, tensors.ToDictionary(one => layers + one.Key[Prefix.Length..], one => one.Value));
        foreach (var tensor in tensors.Values)
        {
            tensor.Dispose();
        }

        return path;

        // Factors of attention and feed-forward alone, named as PEFT does.
        void Peft(string name, Shape shape) => Factors(name, shape, rank: 4, ".lora_A.weight", ".lora_B.weight");

        // The same with an alpha for each layer.
        void Lightning(string name, Shape shape)
        {
            if (Factors(name, shape, rank: 8, ".lora_down.weight", ".lora_up.weight"))
            {
                tensors[Named(name, Weight, ".alpha")] = Tensor.CopyOf<float>(Shape.Scalar, [8]);
            }
        }

        // A rank of its own for each layer, and what is not a matrix as differences.
        void Extracted(string name, Shape shape)
        {
            Factors(name, shape, rank: 2 + (name.Length % 5), ".lora_down.weight", ".lora_up.weight");
            Differences(name, shape);
        }

        // All layers, differences, and those of the modulations.
        void Lightx2v(string name, Shape shape)
        {
            if (shape.Rank == 2 && name.EndsWith(Weight, StringComparison.Ordinal))
            {
                Pair(name, shape, rank: 4, ".lora_down.weight", ".lora_up.weight");
            }
            else if (name.EndsWith(".modulation", StringComparison.Ordinal))
            {
                tensors[Prefix + name[..^".modulation".Length] + ".diff_m"] = Noise(name, shape, 0.05f);
            }

            Differences(name, shape);
        }

        bool Factors(string name, Shape shape, int rank, string down, string up)
        {
            var isOne = name.StartsWith("blocks.", StringComparison.Ordinal) && name.EndsWith(Weight, StringComparison.Ordinal);
            isOne &= shape.Rank == 2;
            if (isOne)
            {
                Pair(name, shape, rank, down, up);
            }

            return isOne;
        }

        void Pair(string name, Shape shape, int rank, string down, string up)
        {
            tensors[Named(name, Weight, down)] = Noise(name + down, [rank, shape[1]], 0.2f);
            tensors[Named(name, Weight, up)] = Noise(name + up, [shape[0], rank], 0.2f);
        }

        void Differences(string name, Shape shape)
        {
            if (name.EndsWith(Bias, StringComparison.Ordinal))
            {
                tensors[Named(name, Bias, ".diff_b")] = Noise(name, shape, 0.05f);
            }
            else if (shape.Rank == 1 && name.EndsWith(Weight, StringComparison.Ordinal))
            {
                tensors[Named(name, Weight, ".diff")] = Noise(name, shape, 0.05f);
            }
        }

        Tensor Noise(string name, Shape shape, float spread)
        {
            var noise = Tensor.Zeros(DType.F32, shape);
            var values = noise.Write<float>();
            new NoiseGenerator(seed, (uint)name.Index().Sum(at => (at.Index + 1) * at.Item)).Fill(values);
            foreach (ref var value in values)
            {
                value *= spread;
            }

            using (noise)
            {
                return noise.ConvertTo(DType.BF16);
            }
        }
    }

    private static string Named(string name, string ending, string other) => $"{Prefix}{name[..^ending.Length]}{other}";
}
