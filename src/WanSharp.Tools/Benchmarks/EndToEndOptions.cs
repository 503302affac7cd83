namespace WanSharp.Tools.Benchmarks;

/// <summary>Which clip is made in two ways, and how much of the slow way is measured.</summary>
public sealed record EndToEndOptions
{
    /// <summary>Whose dimensions the networks have: one of <see cref="BenchmarkOptions.ShapeNames"/>. Default: "1.3b".</summary>
    public string Shape { get; init; } = "1.3b";

    /// <summary>Pixels across. Default: 256.</summary>
    public int Width { get; init; } = 256;

    /// <summary>Pixels down. Default: 256.</summary>
    public int Height { get; init; } = 256;

    /// <summary>Frames of video, 4n+1. Default: 17.</summary>
    public int Frames { get; init; } = 17;

    /// <summary>How many of the shape's blocks the transformer and the text encoder have. Default: null, all.</summary>
    public int? Layers { get; init; }

    /// <summary>Steps of the fast way, which has no guidance. Default: 4.</summary>
    public int FewSteps { get; init; } = 4;

    /// <summary>Steps of the slow way, which has guidance. Default: 50.</summary>
    public int FullSteps { get; init; } = 50;

    /// <summary>
    /// How many of <see cref="FullSteps"/> are made; the others are taken to last as long as the median of those but the first and the
    /// last. Default: 4. At least 3.
    /// </summary>
    public int MeasuredSteps { get; init; } = 4;

    /// <summary>The threads that compute. Default: null, one for each core.</summary>
    public int? Threads { get; init; }
}
