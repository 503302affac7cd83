namespace WanSharp.Engine.Costs;

/// <summary>What a plan costs on a machine.</summary>
public sealed record GenerationCost
{
    /// <summary>The stages, in the order in which they run.</summary>
    public required IReadOnlyList<StageCost> Stages { get; init; }

    /// <summary>Memory by part.</summary>
    public required IReadOnlyList<MemoryPart> Memory { get; init; }

    /// <summary>The bytes of mapped files that are read.</summary>
    public required long MappedBytes { get; init; }

    /// <summary>The peak of the process's private memory, in bytes.</summary>
    public required long PrivateBytes { get; init; }

    /// <summary>The time of all stages, once the networks are loaded.</summary>
    public double Seconds => Stages.Sum(stage => stage.Seconds);
}
