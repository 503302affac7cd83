using System.Text.RegularExpressions;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Compare;

/// <summary>
/// LPIPS's weights, from the files that people have: the classifier's (torchvision's <c>alexnet</c> or <c>vgg16</c>) and the layers that
/// weigh its features (<c>alex.pth</c>, <c>vgg.pth</c> of the original repository), or one file with both.
/// </summary>
public sealed partial class PerceptualWeights : IDisposable
{
    private const string Needed =
        "LPIPS needs torchvision's alexnet or vgg16 with alex.pth or vgg.pth of richzhang/PerceptualSimilarity, or one file with both.";

    private readonly List<WeightStore> _stores = [];
    private readonly Dictionary<string, (WeightStore Store, string Name)> _places = new(StringComparer.Ordinal);

    private PerceptualWeights(PerceptualConfig config) => Config = config;

    /// <summary>Which classifier it is, told by its tensors.</summary>
    public PerceptualConfig Config { get; }

    /// <summary>Opens files that hold the weights together.</summary>
    /// <param name="files">One or two files: .pth, .safetensors.</param>
    /// <exception cref="CheckpointException">They are not LPIPS's, or something is missing.</exception>
    public static PerceptualWeights Open(IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var checkpoints = new List<ICheckpoint>();
        try
        {
            foreach (var file in files)
            {
                checkpoints.Add(Checkpoint.Open(file));
            }

            var config = Detect(checkpoints) ?? throw new CheckpointException(files[0], "no AlexNet and no VGG16 is in it: " + Needed);
            var weights = new PerceptualWeights(config);
            weights.Place(checkpoints);
            return weights;
        }
        catch
        {
            checkpoints.ForEach(checkpoint => checkpoint.Dispose());
            throw;
        }
    }

    /// <summary>The tensors of a graph's weights.</summary>
    /// <exception cref="CheckpointException">One is of another shape.</exception>
    internal IReadOnlyDictionary<string, Tensor> For(OnnxGraph graph) =>
        graph.Weights.ToDictionary(slot => slot.Name, slot => _places[slot.Name].Store.Get(slot with { Name = _places[slot.Name].Name }));

    /// <inheritdoc/>
    public void Dispose() => _stores.ForEach(store => store.Dispose());

    private static PerceptualConfig? Detect(List<ICheckpoint> checkpoints)
    {
        var first = Find(checkpoints, PerceptualConfig.AlexNet, part: 0, place: 0);
        var config = first switch
        {
            { Rank: 4 } kernel when kernel[1] == 3 && kernel[2] == PerceptualConfig.AlexNet.Parts[0][0].Kernel => PerceptualConfig.AlexNet,
            { Rank: 4 } kernel when kernel[1] == 3 && kernel[2] == PerceptualConfig.Vgg.Parts[0][0].Kernel => PerceptualConfig.Vgg,
            _ => null,
        };
        return config?.WithChannels(
            (part, layer) => Find(checkpoints, config, part, layer.Place) is { Rank: 4 } shape ? checked((int)shape[0]) : null
        );
    }

    private static Shape? Find(List<ICheckpoint> checkpoints, PerceptualConfig config, int part, int place) =>
        checkpoints
            .SelectMany(checkpoint => checkpoint.Tensors)
            .Where(pair => Names(config, pair.Key).Contains($"net.slice{part + 1}.{place}.weight"))
            .Select(pair => (Shape?)pair.Value.Shape)
            .FirstOrDefault();

    /// <summary>What a tensor may be called here: <c>features.N</c> is a layer of the classifier, which has a part of its own.</summary>
    private static IEnumerable<string> Names(PerceptualConfig config, string stored)
    {
        yield return stored;
        if (FeatureName().Match(stored) is { Success: true, Groups: var groups })
        {
            for (var part = 0; part < config.Parts.Count; part++)
            {
                yield return $"net.slice{part + 1}.{groups[1].Value}.{groups[2].Value}";
            }
        }
    }

    private void Place(List<ICheckpoint> checkpoints)
    {
        var needed = PerceptualDistance.Write(Config).Weights;
        var slots = needed.Select(slot => slot.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var checkpoint in checkpoints)
        {
            var store = new WeightStore(checkpoint);
            foreach (var stored in checkpoint.Tensors.Keys)
            {
                foreach (var name in Names(Config, stored).Where(slots.Contains))
                {
                    _places.TryAdd(name, (store, stored));
                }
            }

            _stores.Add(store);
        }

        if (slots.Where(name => !_places.ContainsKey(name)).Order(StringComparer.Ordinal).ToList() is [var missing, ..] all)
        {
            throw new CheckpointException(
                string.Join(", ", checkpoints.Select(checkpoint => checkpoint.Path)),
                $"{missing} and {all.Count - 1} more tensors of LPIPS ({Config.Name}) are missing: {Needed}"
            );
        }
    }

    [GeneratedRegex(@"^(?:.*\.)?features\.(\d+)\.(weight|bias)$", RegexOptions.CultureInvariant)]
    private static partial Regex FeatureName();
}
