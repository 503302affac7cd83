using WanSharp.Graphs;
using WanSharp.Models.Detection;
using WanSharp.Models.Layout;
using WanSharp.Models.Tests.Codes;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Detection;

/// <summary>
/// A checkpoint of which one tensor is lost, added, renamed, of another type or shape gives the weights of the whole one, or is
/// refused: never the weights of another network, which would make another clip without a word.
/// </summary>
public sealed class MutatedCheckpointTests
{
    /// <summary>How many of each; WAN_MUTATIONS asks for more than the few that there is time for in every run.</summary>
    private static readonly int Mutations = Repetitions.Of("WAN_MUTATIONS", 3);

    private const double MostDifference = 0.08; // what fp8 rounds, as a share of the whole

    private static readonly string[] Variants = ["wan2.1-t2v-1.3b", "wan2.1-i2v-14b-480p", "wan2.1-flf2v-14b", "wan2.2-ti2v-5b"];

    public static TheoryData<string> Formats => [.. QuantizedFormats.Read.Keys];

    public static TheoryData<string, string> Networks =>
        new(
            from network in (string[])
                ["transformer F32", "transformer F16", "transformer BF16", "transformer GGUF", "transformer Diffusers"]
            from variant in Variants
            select (network, variant)
        );

    public static TheoryData<string, string> Companions =>
        new(
            from network in (string[])["text F32", "text F16", "text ComfyUI", "vae F32", "vae BF16", "vae Diffusers", "clip F16"]
            from variant in (string[])["wan2.1-i2v-14b-480p", "wan2.2-ti2v-5b"]
            where !network.StartsWith("clip", StringComparison.Ordinal) || variant != "wan2.2-ti2v-5b"
            select (network, variant)
        );

    [Theory]
    [MemberData(nameof(Networks))]
    public void Read_ATransformerOfWhichATensorIsChanged_GivesItsWeightsOrIsRefused(string network, string variant)
    {
        using var networks = new TinyNetworks(variant);
        using var kept = new Kept();
        Run(
            kept.Stored(network, networks.Transformer, variant),
            NetworkKinds.Transformer,
            network.EndsWith("GGUF", StringComparison.Ordinal),
            name: variant // without its positions, nothing else tells flf2v from i2v
        );
    }

    [Theory]
    [MemberData(nameof(Companions))]
    public void Read_ACompanionOfWhichATensorIsChanged_GivesItsWeightsOrIsRefused(string network, string variant)
    {
        using var networks = new TinyNetworks(variant);
        using var kept = new Kept();
        switch (network.Split(' ')[0])
        {
            case "text":
                Run(kept.Stored(network, networks.Text, variant), NetworkKinds.TextEncoder);
                break;
            case "vae":
                Run(kept.Stored(network, networks.Vae, variant), NetworkKinds.Vae);
                break;
            default:
                Run(kept.Stored(network, networks.Vision!, variant), NetworkKinds.VisionEncoder);
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Read_AQuantizedTransformerOfWhichATensorIsChanged_GivesItsWeightsOrIsRefused(string format)
    {
        using var networks = new TinyNetworks("wan2.1-t2v-1.3b");
        using var quantizer = Quantizer.Of(networks.Transformer, QuantizedFormats.Read[format]);
        Run(quantizer.Stored, NetworkKinds.Transformer, config: QuantizedFormats.Config(format));
    }

    private static void Run<T>(
        Dictionary<string, Tensor> tensors,
        NetworkKind<T> kind,
        bool isGguf = false,
        string? config = null,
        string name = "model"
    )
        where T : class
    {
        using var folder = new TemporaryFolder();
        if (config is not null)
        {
            File.WriteAllText(folder["config.json"], config);
        }

        var path = folder[$"{name}.{(isGguf ? "gguf" : "safetensors")}"];
        Write(path, tensors);
        var (whole, weights) = Read(path, kind);
        Assert.NotNull(whole);
        using var mutator = new CheckpointMutator(tensors, seed: tensors.Count);
        List<string> wrong = [];
        for (var i = 0; i < Mutations; i++)
        {
            Write(path, mutator.Next());
            var (read, other) = Read(path, kind);
            if (read is not null && (Describe(read) != Describe(whole) || !Same(weights, other)))
            {
                wrong.Add(mutator.Change);
            }
        }

        Assert.Empty(wrong);
    }

    private static string Describe<T>(T config) =>
        config is WanSharp.Graphs.Networks.VaeConfig vae
            ? $"{vae with { DimMultipliers = [], TemporalDownsample = [] }} {string.Join(',', vae.DimMultipliers)} "
                + $"{string.Join(',', vae.TemporalDownsample)}"
            : config!.ToString()!;

    private static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        if (path.EndsWith(".gguf", StringComparison.Ordinal))
        {
            OtherFormats.WriteGguf(path, tensors.Where(pair => pair.Value.DType == DType.F32).ToDictionary());
        }
        else
        {
            SafetensorsWriter.Write(path, tensors);
        }
    }

    /// <summary>The network of a file as a model is opened with it, and all weights that it uses; null if it is refused.</summary>
    private static (T? Config, List<float[]> Weights) Read<T>(string path, NetworkKind<T> kind)
        where T : class
    {
        var file = NetworkFile.Read(path);
        object? config =
            kind.Names == NetworkKinds.Transformer.Names ? file.Transformer
            : kind.Names == NetworkKinds.TextEncoder.Names ? file.TextEncoder
            : kind.Names == NetworkKinds.Vae.Names ? file.Vae
            : file.VisionEncoder;
        if (config is null)
        {
            return (null, []);
        }

        using var weights = new WeightStore(kind.Names.Find(Checkpoint.Open(path))!);
        return ((T)config, [.. kind.Slots((T)config).Select(slot => Get(weights, slot))]);
    }

    private static float[] Get(WeightStore weights, WeightSlot slot)
    {
        var values = new float[slot.Shape.ElementCount];
        weights.Get(slot).ConvertTo(values);
        return values;
    }

    private static bool Same(List<float[]> expected, List<float[]> actual) =>
        expected.Count == actual.Count
        && expected
            .Zip(actual)
            .All(pair =>
            {
                var (difference, size) = (0.0, 0.0);
                for (var i = 0; i < pair.First.Length; i++)
                {
                    difference += Math.Pow(pair.First[i] - pair.Second[i], 2);
                    size += Math.Pow(pair.First[i], 2);
                }

                return difference <= size * MostDifference * MostDifference; // false where a value is not a number
            });

    /// <summary>Networks in the types and names of tools.</summary>
    private sealed class Kept : IDisposable
    {
        private readonly List<Tensor> _tensors = [];

        public Dictionary<string, Tensor> Stored(string network, IReadOnlyDictionary<string, Tensor> tensors, string variant)
        {
            var form = network.Split(' ')[1];
            var dtype = form switch
            {
                "F16" or "ComfyUI" => DType.F16,
                "BF16" or "Diffusers" => DType.BF16,
                _ => DType.F32,
            };
            return tensors.ToDictionary(
                pair => Name(network, pair.Key, variant),
                pair => dtype == DType.F32 ? pair.Value : Keep(pair.Value.ConvertTo(dtype))
            );
        }

        public void Dispose() => _tensors.ForEach(tensor => tensor.Dispose());

        private static string Name(string network, string name, string variant) =>
            network switch
            {
                "transformer Diffusers" => OtherTools.DiffusersTransformer(name),
                "text ComfyUI" => OtherTools.TransformersText(name),
                "vae Diffusers" => variant.Contains("ti2v", StringComparison.Ordinal)
                    ? OtherTools.DiffusersVae22(name)
                    : OtherTools.DiffusersVae21(name),
                _ => name,
            };

        private Tensor Keep(Tensor tensor)
        {
            _tensors.Add(tensor);
            return tensor;
        }
    }
}
