using WanSharp.Tools.Benchmarks;

namespace WanSharp.Tools.Profile;

/// <summary>Where the time and the bytes of clips went.</summary>
public sealed record ProfileReport
{
    /// <summary>The model, the machine, and what was made.</summary>
    public required string Title { get; init; }

    /// <summary>How many clips were made together.</summary>
    public required int Clips { get; init; }

    /// <summary>The time of all of them.</summary>
    public required double Seconds { get; init; }

    /// <summary>How much longer it took to record them, as a share: the medians of the runs.</summary>
    public required double Overhead { get; init; }

    /// <summary>The spans.</summary>
    public required IReadOnlyList<ProfiledSpan> Spans { get; init; }

    /// <summary>The same by what called what.</summary>
    public required FlameNode Flame { get; init; }

    /// <summary>Memory over time.</summary>
    public required IReadOnlyList<MemorySample> Memory { get; init; }

    /// <summary>The stages against the machine's roofs.</summary>
    public required IReadOnlyList<StageProfile> Stages { get; init; }

    /// <summary>Operations of products in F32 that the machine's kernels reach in a second.</summary>
    public required double PeakOperations { get; init; }

    /// <summary>The same of each kind of operations, by its name.</summary>
    public required IReadOnlyDictionary<string, double> Roofs { get; init; }

    /// <summary>Bytes that they move in a second.</summary>
    public required double PeakBytes { get; init; }

    /// <summary>How long lanes had nothing to compute.</summary>
    public required double IdleSeconds { get; init; }

    /// <summary>How long blocks waited for their weights.</summary>
    public required double WaitSeconds { get; init; }

    /// <summary>ONNX Runtime's operators by their time, in a run of their own; empty if they were not asked for.</summary>
    public IReadOnlyList<OperatorShare> Operators { get; init; } = [];

    /// <summary>The same by layer: attention, feed-forward, norms.</summary>
    public IReadOnlyList<OperatorShare> Layers { get; init; } = [];

    /// <summary>The same by what layers do: attention, feed-forward, norms, convolutions.</summary>
    public IReadOnlyList<OperatorShare> Kinds { get; init; } = [];
}
