using WanSharp.Engine.Requests;
using WanSharp.Models.Loras;

namespace WanSharp.Engine.Planning;

/// <summary>A LoRA that a clip is made with, its file found and understood.</summary>
/// <param name="Path">The file.</param>
/// <param name="Strength">How strongly it acts.</param>
/// <param name="Expert">The only expert that it changes; null for the one transformer, or both experts.</param>
/// <param name="Sha256">SHA-256 of the file, hexadecimal; empty in a sketch.</param>
public sealed record PlannedLora(string Path, LoraStrength Strength, LoraExpert? Expert, string Sha256 = "")
{
    /// <summary>What the clip embeds of it.</summary>
    internal GenerationSettings.EmbeddedLora ToEmbedded() => new(System.IO.Path.GetFileName(Path), Sha256, Strength.ToString());
}
