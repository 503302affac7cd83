using WanSharp.Engine.Presets;

namespace WanSharp.Tools.Optimize;

/// <summary>What <c>wan optimize</c> found.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Front">The ways of which none is better in all, the model's own first, then faster ones.</param>
/// <param name="Answer">The way that fulfils what is wanted, as it did on other prompts.</param>
/// <param name="Form">The same as a preset for the model.</param>
/// <param name="Validated">What it cost on these.</param>
/// <param name="HeldBack">The loss of each of these clips.</param>
/// <param name="Forecast">The loss that 95 of 100 clips of prompts yet unseen are expected to keep within.</param>
/// <param name="Kept">How many of the held-back clips kept within the loss that was asked for.</param>
/// <param name="KeptShare">The share of all others that do at least, with 95 % confidence.</param>
/// <param name="Rejected">How many better ways were judged by these clips before, and broke their word.</param>
/// <param name="Story">What was measured, in order: the way, its time and its loss.</param>
/// <param name="Dropped">What could not be measured.</param>
/// <param name="Sheets">Frames of each way of the front above those of the model's own, by the way's words, as WebP.</param>
public sealed record OptimizeReport(
    string Model,
    IReadOnlyList<SavedWay> Front,
    SavedWay Answer,
    PresetForm Form,
    SavedWay Validated,
    IReadOnlyList<double> HeldBack,
    double Forecast,
    int Kept,
    double KeptShare,
    int Rejected,
    IReadOnlyList<SavedWay> Story,
    IReadOnlyList<DroppedWay> Dropped,
    IReadOnlyDictionary<string, byte[]> Sheets
);
