using WanSharp.Models.Loras;

namespace WanSharp.Engine.Presets;

/// <summary>One LoRA of those that a preset needs together.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Strength">How strongly it acts, as text.</param>
/// <param name="Expert">The expert that it changes; null for the only transformer, or both.</param>
internal sealed record PresetSlot(string File, string Strength, LoraExpert? Expert);
