using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>What is known of an execution provider: one row of <see cref="ProviderProfiles"/>. Immutable.</summary>
public sealed record ProviderProfile
{
    /// <summary>The name on the command line and in documents: <c>cuda</c>.</summary>
    public required string ShortName { get; init; }

    /// <summary>The name that the library's functions take when it is appended to a session: <c>WebGPU</c>.</summary>
    public required string OrtName { get; init; }

    /// <summary>Other names that users write. The library's own, such as <c>CUDAExecutionProvider</c>, needs no mention.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The name in sentences.</summary>
    public string Title { get; init; } = "";

    /// <summary>Whether it computes on the processor, by the same kernels everywhere.</summary>
    public bool IsHost { get; init; }

    /// <summary>Whether 8-bit integers are faster, for those who accept their small loss (<c>--precision int8</c>).</summary>
    public bool OffersIntegers => IsHost && ProcessorFeatures.HasIntegerProducts;

    /// <summary>The narrow type that its devices should be faster in, which is tried before it is used; null where none is known.</summary>
    internal DType? NarrowType { get; init; }

    /// <summary>The compute capability from which they are; null where there is no such number.</summary>
    internal Version? LeastCapability { get; init; }

    /// <summary>What must be there for it to be worth choosing.</summary>
    internal ProviderNeeds Needs { get; init; }

    /// <summary>How a session gets it.</summary>
    internal ProviderKind Append { get; init; } = ProviderKind.Named;

    /// <summary>The provider that takes the nodes it leaves, before the processor does; null for none.</summary>
    internal string? Fallback { get; init; }

    /// <summary>
    /// What the library calls its memory, newest name first; empty for a provider that works on host memory or moves elements by
    /// itself. Source: microsoft/onnxruntime:include/onnxruntime/core/framework/allocator.h.
    /// </summary>
    internal IReadOnlyList<string> MemoryNames { get; init; } = [];

    /// <summary>
    /// Whether its sessions share one device of the process and its command queue without locks of their own: runs of two sessions
    /// at once end the process.
    /// </summary>
    internal bool SharesDevice { get; init; }

    /// <summary>How networks are written for it.</summary>
    internal GraphOptions Graphs { get; init; } = new() { RewriteConvolutions = false };

    /// <summary>
    /// Whether it builds something for the shapes that it meets, which costs more than a run: it is given few shapes, known
    /// beforehand.
    /// </summary>
    internal bool BuildsForShapes { get; init; }

    /// <summary>Whether it is a separate file next to the ONNX Runtime library.</summary>
    internal bool HasOwnLibrary { get; init; }

    /// <summary>The options that it always gets.</summary>
    internal IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>The option that limits its memory, in bytes; null for none.</summary>
    internal string? MemoryOption { get; init; }

    /// <summary>The options that name the folder where it keeps what it built.</summary>
    internal IReadOnlyList<string> FolderOptions { get; init; } = [];

    /// <summary>The options that turn keeping on.</summary>
    internal IReadOnlyList<string> KeepOptions { get; init; } = [];

    /// <summary>
    /// The options that record a run and play it back. A recording is of addresses: a block's graph runs with each block's weights,
    /// the whole network with each clip's latents and keys. A recorded run would compute with the first ones again, so these
    /// options are refused.
    /// </summary>
    internal IReadOnlyList<string> RecordingOptions { get; init; } = [];
}
