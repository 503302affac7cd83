namespace WanSharp.Cli.Output;

/// <summary>What <c>wan optimize</c> found.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Front">The ways of which none is better in all, the model's own first, then faster ones.</param>
/// <param name="Answer">The way that was chosen.</param>
/// <param name="HeldBack">Its loss on clips of other prompts.</param>
/// <param name="HeldBackSeconds">Its time there, the median.</param>
/// <param name="Measured">All ways that were measured, in order.</param>
/// <param name="Preset">The preset that it was saved as; null for none.</param>
/// <param name="File">The file of the preset; null for none.</param>
internal sealed record OptimizeOutput(
    string Model,
    IReadOnlyList<OptimizedWayOutput> Front,
    OptimizedWayOutput Answer,
    MeasuredLossOutput HeldBack,
    double HeldBackSeconds,
    IReadOnlyList<OptimizedWayOutput> Measured,
    string? Preset,
    string? File
);
