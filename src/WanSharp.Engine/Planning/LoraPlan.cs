using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>The LoRAs of a clip, and what they need.</summary>
public sealed record LoraPlan
{
    /// <summary>No LoRA.</summary>
    public static LoraPlan None { get; } = new();

    /// <summary>The LoRAs, in the order in which they change weights.</summary>
    public IReadOnlyList<PlannedLora> Loras { get; init; } = [];

    /// <summary>What the user should know about them.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether they are merged into a copy of the weights; otherwise they are factors next to the weights.</summary>
    public bool IsMerged { get; init; }

    /// <summary>A weight that only a merged copy can have; null where factors can do everything.</summary>
    internal string? MergeOnly { get; init; }

    /// <summary>The weights of the only transformer, or of the low-noise expert, that are changed.</summary>
    internal IReadOnlySet<string> Changed { get; init; } = new HashSet<string>();

    /// <summary>The weights of the high-noise expert that are changed.</summary>
    internal IReadOnlySet<string> ChangedOfHighNoise { get; init; } = new HashSet<string>();

    /// <summary>Bytes of factors that are in memory at a time.</summary>
    internal long Bytes { get; init; }

    /// <summary>Bytes of a block's factors, which each row of a mixed batch has for itself.</summary>
    internal long RowBytes { get; init; }

    /// <summary>What tells merged weights from others; empty where nothing is merged.</summary>
    internal string MergeKey => IsMerged ? string.Join('\n', Loras.Select(lora => $"{lora.Expert} {lora.Identity} {lora.Strength}")) : "";

    /// <summary>The plan with the way in which the LoRAs are applied.</summary>
    /// <param name="mode">What is asked for.</param>
    /// <param name="takesAdapters">Whether forward passes take factors.</param>
    /// <exception cref="InvalidRequestException">Factors are asked for, and cannot do it.</exception>
    internal LoraPlan In(LoraMode mode, bool takesAdapters)
    {
        if (Loras.Count == 0)
        {
            return this;
        }

        var why =
            MergeOnly is { } weight ? $"{weight} is changed by more than thin factors (a full difference, LoHa, LoKr or DoRA)"
            : takesAdapters ? null
            : "the provider builds graphs of fixed shapes";
        return mode == LoraMode.Unmerged && why is not null
                ? throw new InvalidRequestException(
                    "lora-mode",
                    $"The LoRAs cannot stay unmerged: {why}. Leave --lora-mode out, or say merged."
                )
            : (mode == LoraMode.Merged || why is not null) && Loras.FirstOrDefault(lora => !lora.Strength.IsConstant) is { } changing
                ? throw new InvalidRequestException(
                    "lora",
                    $"The strength of {Path.GetFileName(changing.Path)} changes over the steps, but LoRAs are merged into the weights, "
                        + $"because {why ?? "--lora-mode merged asks for it"}: give it one strength"
                        + $"{(why is null ? ", or leave --lora-mode out" : "")}."
                )
            : this with { IsMerged = mode == LoraMode.Merged || why is not null };
    }

    /// <summary>Whether a forward pass takes them as inputs.</summary>
    internal bool AreInputs => Loras.Count > 0 && !IsMerged;
}
