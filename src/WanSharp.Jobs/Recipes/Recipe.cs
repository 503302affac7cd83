using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Recipes;

/// <summary>How some other program made a clip, as far as WanSharp has words for it. Immutable.</summary>
public sealed record Recipe
{
    /// <summary>
    /// The program: <c>ComfyUI</c>, <c>Wan2GP</c>, <c>SwarmUI</c>, or <c>parameters</c> for the text of A1111 and its kin.
    /// </summary>
    public required string Tool { get; init; }

    /// <summary>The prompt.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>The settings that are known; those that are null are not.</summary>
    public ClipSettings Settings { get; init; } = new();

    /// <summary>The transformer's file, as it is named there; null when it is not named, or there are two.</summary>
    public string? Model { get; init; }

    /// <summary>The file of the expert for high noise; null where there are not two.</summary>
    public string? HighNoiseModel { get; init; }

    /// <summary>The file of the expert for low noise; null where there are not two.</summary>
    public string? LowNoiseModel { get; init; }

    /// <summary>The file of the first frame; null for none.</summary>
    public string? Image { get; init; }

    /// <summary>The file of the last frame; null for none.</summary>
    public string? LastImage { get; init; }

    /// <summary>What cannot be said to WanSharp, or is not understood, a sentence each. With these, the clip comes out otherwise.</summary>
    public IReadOnlyList<string> Unexpressed { get; init; } = [];
}
