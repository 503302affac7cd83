using System.Text.Json.Serialization;
using WanSharp.Engine.Requests;
using WanSharp.Models.Loras;

namespace WanSharp.Engine.Presets;

/// <summary>LoRAs that a preset needs together: of the only transformer, or one of each expert.</summary>
public sealed record PresetLoras
{
    /// <summary>
    /// The repository at Hugging Face that has them, such as <c>lightx2v/Wan2.2-Distill-Loras</c>; null for those that belong to the model.
    /// </summary>
    public string? Repository { get; init; }

    /// <summary>The file of the only transformer, or of both experts.</summary>
    public string? File { get; init; }

    /// <summary>The high-noise expert's file.</summary>
    public string? High { get; init; }

    /// <summary>The low-noise expert's file.</summary>
    public string? Low { get; init; }

    /// <summary>How strongly <see cref="File"/> acts, as <see cref="LoraStrength"/> is written. Default: 1.</summary>
    public string Strength { get; init; } = "1";

    /// <summary>How strongly <see cref="High"/> acts. Default: 1.</summary>
    public string HighStrength { get; init; } = "1";

    /// <summary>How strongly <see cref="Low"/> acts. Default: 1.</summary>
    public string LowStrength { get; init; } = "1";

    /// <summary>Settings that these LoRAs need in place of the form's, by the names that batch files have for them.</summary>
    [JsonConverter(typeof(ClipSettingsJson))]
    public ClipSettings Settings { get; init; } = new();

    /// <summary>The files' names.</summary>
    internal IEnumerable<string> Files => new[] { File, High, Low }.OfType<string>();

    /// <summary>The files with their strengths, and what they change.</summary>
    internal IEnumerable<PresetSlot> Slots =>
        new (string? File, string Strength, LoraExpert? Expert)[]
        {
            (File, Strength, null),
            (High, HighStrength, LoraExpert.High),
            (Low, LowStrength, LoraExpert.Low),
        }
            .Where(slot => slot.File is not null)
            .Select(slot => new PresetSlot(slot.File!, slot.Strength, slot.Expert));

    /// <summary>What is wrong with them; null if nothing is.</summary>
    internal string? FindFault() =>
        !Files.Any() ? "LoRAs name a file, or high and low."
        : File is not null && (High ?? Low) is not null ? "LoRAs name a file, or high and low, not both."
        : Files.Any(file => file.Length == 0 || Path.GetFileName(file) != file) ? "a LoRA's file is a name without folders."
        : new[] { Strength, HighStrength, LowStrength }.FirstOrDefault(text => !LoraStrength.TryParse(text, out _)) is { } bad
            ? $"'{bad}' is not a strength: write 0.8, or 1@1- for all steps but the first."
        : null;
}
