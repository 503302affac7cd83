namespace WanSharp.Hosting.Outputs;

/// <summary>How another program made a clip, as far as WanSharp has words for it.</summary>
/// <param name="Tool">The program.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Settings">The settings that are known, by the names of <c>wan batch</c>'s fields.</param>
/// <param name="Model">The transformer's file; null when it is not named, or there are two.</param>
/// <param name="ModelHigh">The file of the expert for high noise; null where there are not two.</param>
/// <param name="ModelLow">The file of the expert for low noise; null where there are not two.</param>
/// <param name="Image">The file of the first frame; null for none.</param>
/// <param name="LastImage">The file of the last frame; null for none.</param>
/// <param name="Unexpressed">What cannot be said to WanSharp, a sentence each.</param>
/// <param name="Command">The command that makes the like of it.</param>
public sealed record RecipeOutput(
    string Tool,
    string Prompt,
    IReadOnlyDictionary<string, string> Settings,
    string? Model,
    string? ModelHigh,
    string? ModelLow,
    string? Image,
    string? LastImage,
    IReadOnlyList<string> Unexpressed,
    string Command
);
