using WanSharp.Tensors;

namespace WanSharp.Models.Codes;

/// <summary>
/// The names of a checkpoint's tensors without what training wrote into them, and those of quantized weights and their scales
/// as ComfyUI and LightX2V have them: <c>NAME.weight</c> and <c>NAME.weight_scale</c>.
/// </summary>
/// <remarks>Sources: torch/distributed/fsdp and torch/_dynamo (wrappers);
/// huggingface/optimum-quanto:optimum/quanto/tensor/weights/qbytes.py;
/// thu-ml/TurboDiffusion:turbodiffusion/ops/core.py; Disty0/sdnq:src/sdnq/quantizer.py.</remarks>
/// <param name="Of">The name of each tensor, by its stored name.</param>
/// <param name="IsSdnq">Whether SDNQ wrote them.</param>
internal sealed record QuantizedNames(IReadOnlyDictionary<string, string> Of, bool IsSdnq)
{
    private const string Weight = ".weight";
    private const string Scale = ".weight_scale";
    private const string QuantoWeight = ".weight._data";
    private const string QuantoScale = ".weight._scale";
    private const string TurboWeight = ".int8_weight";
    private const string PlainScale = ".scale";

    // The last one is PEFT's, around a layer that has an adapter.
    private static readonly string[] Wrappers =
    [
        "_orig_mod",
        "_fsdp_wrapped_module",
        "_fpw_module", // of FSDP in PyTorch 1.12 and FairScale
        "_checkpoint_wrapped_module",
        "_forward_module",
        "base_layer",
    ];

    // PEFT's, around a layer that was trained whole.
    private const string Trained = ".modules_to_save.default.";

    /// <summary>The names of a checkpoint.</summary>
    /// <exception cref="CheckpointException">Two tensors have the same, or a description says something that is not supported.</exception>
    public static QuantizedNames Read(ICheckpoint checkpoint)
    {
        var isSdnq = QuantizationConfig.Find(checkpoint)?.IsSdnq == true;
        Dictionary<string, string> plain = [],
            taken = [];
        foreach (var name in checkpoint.Tensors.Keys.Concat(checkpoint.Unsupported.Keys))
        {
            plain.Add(name, Unwrapped(name));
        }

        var all = plain.Values.ToHashSet(StringComparer.Ordinal);
        foreach (var (stored, name) in plain.ToList())
        {
            var official = Official(name, all, isSdnq);
            plain[stored] = official;
            if (!taken.TryAdd(official, stored))
            {
                throw new CheckpointException(
                    checkpoint.Path,
                    stored,
                    $"it stands for the same tensor of a network as {CheckpointException.Quote(taken[official])}: "
                        + "which one is meant is not known."
                );
            }
        }

        return new QuantizedNames(plain, isSdnq);
    }

    /// <summary>A name without the wrappers that compiling and training put around modules.</summary>
    public static string Unwrapped(string name)
    {
        name = name.Replace(Trained, ".", StringComparison.Ordinal);
        return Wrappers.Any(wrapper => name.Contains(wrapper, StringComparison.Ordinal))
            ? string.Join('.', name.Split('.').Where(part => !Wrappers.Contains(part)))
            : name;
    }

    /// <summary>A module's name with underscores in place of dots (kohya's) without the wrappers.</summary>
    public static string UnwrappedModule(string name) =>
        Wrappers.Aggregate($"_{name}", (rest, wrapper) => rest.Replace($"_{wrapper}_", "_", StringComparison.Ordinal))[1..];

    /// <summary>SDNQ keeps the groups of a row apart; here their columns follow each other. Other tensors are themselves.</summary>
    public Tensor Joined(string name, Tensor tensor) =>
        IsSdnq
        && tensor is { Shape.Rank: 3, DType: DType.I8 or DType.F8E4M3 or DType.F8E5M2 }
        && name.EndsWith(Weight, StringComparison.Ordinal)
            ? tensor.Reshape([tensor.Shape[0], tensor.Shape[1] * tensor.Shape[2]])
            : tensor;

    private static string Official(string name, HashSet<string> all, bool isSdnq)
    {
        if (name.EndsWith(QuantoWeight, StringComparison.Ordinal))
        {
            return name[..^QuantoWeight.Length] + Weight;
        }

        if (name.EndsWith(QuantoScale, StringComparison.Ordinal))
        {
            return name[..^QuantoScale.Length] + Scale;
        }

        if (name.EndsWith(TurboWeight, StringComparison.Ordinal))
        {
            return name[..^TurboWeight.Length] + Weight;
        }

        if (name.EndsWith(PlainScale, StringComparison.Ordinal))
        {
            var layer = name[..^PlainScale.Length];
            return all.Contains(layer + TurboWeight) || (isSdnq && all.Contains(layer + Weight)) ? layer + Scale : name;
        }

        return name;
    }
}
