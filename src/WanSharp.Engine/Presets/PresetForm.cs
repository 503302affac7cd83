using System.Text.Json.Serialization;
using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Presets;

/// <summary>A preset for a model.</summary>
public sealed record PresetForm
{
    /// <summary>Settings by the names that batch files have for them.</summary>
    [JsonConverter(typeof(ClipSettingsJson))]
    public ClipSettings Settings { get; init; } = new();

    /// <summary>What networks compute in: <c>fp32</c>, <c>fp16</c>, <c>bf16</c> or <c>int8</c>. Default: null, as the user says.</summary>
    public string? Precision { get; init; }

    /// <summary>
    /// LoRAs that make the model what the settings are for: the first that is there is taken. Empty where the model itself is.
    /// </summary>
    public IReadOnlyList<PresetLoras> Loras { get; init; } = [];

    /// <summary>
    /// Parts of the names of checkpoints, or of their folders, that need no LoRA, because it is merged into them; case is ignored.
    /// </summary>
    public IReadOnlyList<string> Merged { get; init; } = [];

    /// <summary>The settings, with what these LoRAs need in place of them; null for a model that needs none.</summary>
    internal ClipSettings SettingsWith(PresetLoras? loras)
    {
        if (loras is null)
        {
            return Settings;
        }

        var others = WithoutSteps(Settings, loras.Settings);
        return SettingFields.Fill(
            loras.Settings,
            loras.Settings is { Steps: null, Shift: null } ? others : others with { Sigmas = null, Timesteps = null }
        );
    }

    /// <summary>Settings without their steps, where others have a list of their own.</summary>
    internal static ClipSettings WithoutSteps(ClipSettings settings, ClipSettings other) =>
        other is { Sigmas: null, Timesteps: null }
            ? settings
            : settings with
            {
                Sigmas = null,
                Timesteps = null,
                Steps = null,
                Shift = null,
            };
}
