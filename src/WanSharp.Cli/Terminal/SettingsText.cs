using System.Globalization;
using WanSharp.Engine.Requests;

namespace WanSharp.Cli.Terminal;

/// <summary>The settings of a clip for people, made from <see cref="SettingFields"/>.</summary>
internal static class SettingsText
{
    /// <summary>All but the texts: <c>size 96x96, frames 17, fps 16, …</c>.</summary>
    public static string Summary(GenerationSettings settings) =>
        (settings.Preset is { } preset ? $"preset {preset}, " : "")
        + string.Join(", ", Values(settings).Where(one => !one.Field.IsFreeText).Select(one => $"{one.Field.Label} {one.Value}"))
        + (settings.Boundary is null ? "" : $", {HighNoise(settings)}");

    /// <summary>The texts that are not empty, each for its own line.</summary>
    public static IEnumerable<(string Name, string Value)> Texts(GenerationSettings settings) =>
        from one in Values(settings)
        where one.Field.IsFreeText && one.Value.Length > 0
        select (one.Field.Label, one.Value);

    /// <summary>All, a row each.</summary>
    public static IEnumerable<(string Name, string Value)> Rows(GenerationSettings settings) =>
        [
            .. settings.Preset is { } preset ? new[] { ("preset", preset) } : [],
            .. Values(settings).Select(one => (one.Field.Label, one.Value)),
            .. settings.Boundary is null ? [] : new[] { ("experts", HighNoise(settings)) },
        ];

    private static IEnumerable<(SettingField Field, string Value)> Values(GenerationSettings settings) =>
        SettingFields.Shown(settings.ToRequested());

    /// <summary>What became of the frames' size, and how: <c>enlarged to 1872x1080</c>; null for frames of the clip's own size.</summary>
    public static (string How, string Size)? Output(GenerationSettings settings) =>
        settings is { OutputWidth: { } width, OutputHeight: { } height }
            ? (settings.Upscale is null ? "decoded to" : "enlarged to", new ClipSize(width, height).ToString())
            : null;

    private static string HighNoise(GenerationSettings settings) =>
        string.Create(CultureInfo.InvariantCulture, $"high noise from timestep {1000 * settings.Boundary} on");
}
