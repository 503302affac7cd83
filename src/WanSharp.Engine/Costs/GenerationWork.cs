namespace WanSharp.Engine.Costs;

/// <summary>
/// What a plan has to compute, and what it holds in memory meanwhile. Counted from the graphs; nothing is measured.
/// </summary>
internal sealed record GenerationWork
{
    /// <summary>The stages, in the order in which they run.</summary>
    public required IReadOnlyList<StageWork> Stages { get; init; }

    /// <summary>Memory by part.</summary>
    public required IReadOnlyList<MemoryPart> Memory { get; init; }

    /// <summary>The bytes of mapped files that are read.</summary>
    public long MappedBytes => Sum(MemoryKind.Mapped);

    /// <summary>The peak of the process's private memory, in bytes.</summary>
    public long PrivateBytes =>
        Sum(MemoryKind.Kept)
        + Memory
            .Where(part => part.Kind == MemoryKind.Stage)
            .GroupBy(part => part.Stage)
            .Select(stage => stage.Sum(part => part.Bytes))
            .DefaultIfEmpty()
            .Max();

    private long Sum(MemoryKind kind) => Memory.Where(part => part.Kind == kind).Sum(part => part.Bytes);
}
