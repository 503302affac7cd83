namespace WanSharp.Engine.Presets;

/// <summary>Settings and LoRAs that belong together, for some models. Read from a <c>presets.json</c>.</summary>
public sealed record Preset
{
    /// <summary>One line: what it makes, and where it is from.</summary>
    public string About { get; init; } = "";

    /// <summary>Other names.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// What it is for each model, by names such as <c>wan2.1-t2v-14b</c>; several names of one form are separated by commas.
    /// </summary>
    public required IReadOnlyDictionary<string, PresetForm> Models { get; init; }

    /// <summary>The names of the models that it is for.</summary>
    public IEnumerable<string> ModelNames => Models.Keys.SelectMany(NamesIn);

    /// <summary>What it is for a model; null where it is for others.</summary>
    /// <param name="names">The model's name, and that of the published model that it is like.</param>
    internal PresetForm? FormFor(IReadOnlyList<string> names) =>
        names
            .Select(name => Models.FirstOrDefault(form => NamesIn(form.Key).Contains(name, StringComparer.OrdinalIgnoreCase)).Value)
            .FirstOrDefault(form => form is not null);

    private static string[] NamesIn(string key) => key.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
