using WanSharp.Engine.Requests;
using WanSharp.Models.Loras;

namespace WanSharp.Engine.Planning;

/// <summary>A LoRA that a clip is made with, its file found and understood.</summary>
/// <param name="Path">The file.</param>
/// <param name="Strength">How strongly it acts.</param>
/// <param name="Expert">The only expert that it changes; null for the one transformer, or both experts.</param>
/// <param name="Identity">What tells it from others; null in a sketch.</param>
public sealed record PlannedLora(string Path, LoraStrength Strength, LoraExpert? Expert, LoraIdentity? Identity = null)
{
    /// <summary>What the clip embeds of it.</summary>
    internal GenerationSettings.EmbeddedLora ToEmbedded() =>
        new(System.IO.Path.GetFileName(Path), Identity?.Sha256 ?? "", Strength.ToString());
}
