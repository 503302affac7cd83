namespace WanSharp.Tools.Profile;

/// <summary>A stage of the clips against what the machine's kernels reach.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Seconds">How long lanes worked in it.</param>
/// <param name="Operations">Operations of its products, as counted on the graphs.</param>
/// <param name="Bytes">Bytes that it moves, as counted on the graphs: weights once for clips that stepped together.</param>
/// <param name="ExpectedSeconds">How long the machine's kernels need for it.</param>
public sealed record StageProfile(string Stage, double Seconds, double Operations, double Bytes, double ExpectedSeconds)
{
    /// <summary>Operations a second that the machine's kernels reach with its mix of products, attention and convolutions.</summary>
    public required double PeakOperations { get; init; }

    /// <summary>Operations for each byte moved.</summary>
    public double Intensity => Bytes > 0 ? Operations / Bytes : 0;

    /// <summary>Operations a second.</summary>
    public double Rate => Seconds > 0 ? Operations / Seconds : 0;
}
