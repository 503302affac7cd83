namespace WanSharp.Cli.Output;

/// <summary>What <c>wan optimize</c> found.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Front">The ways of which none is better in all, the model's own first, then faster ones.</param>
/// <param name="Answer">The way that was chosen.</param>
/// <param name="HeldBack">Its loss on clips of other prompts.</param>
/// <param name="HeldBackSeconds">Its time there, the median.</param>
/// <param name="ForecastLoss">The loss that 95 of 100 clips of prompts yet unseen are expected to keep within.</param>
/// <param name="Kept">How many of the held-back clips kept within the loss that was asked for.</param>
/// <param name="KeptShare">The share of all others that do at least, with 95 % confidence.</param>
/// <param name="Rejected">How many better ways were judged by these clips before, and broke their word.</param>
/// <param name="Measured">All ways that were measured, in order.</param>
/// <param name="Dropped">The ways that could not be measured.</param>
/// <param name="Preset">The preset that it was saved as; null for none.</param>
/// <param name="File">The file of the preset; null for none.</param>
internal sealed record OptimizeOutput(
    string Model,
    IReadOnlyList<OptimizedWayOutput> Front,
    OptimizedWayOutput Answer,
    MeasuredLossOutput HeldBack,
    double HeldBackSeconds,
    double ForecastLoss,
    int Kept,
    double KeptShare,
    int Rejected,
    IReadOnlyList<OptimizedWayOutput> Measured,
    IReadOnlyList<DroppedWayOutput> Dropped,
    string? Preset,
    string? File
);
