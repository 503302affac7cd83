namespace WanSharp.Server.Page;

/// <summary>All that may be asked of a clip of this server.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Data">The settings, in the order of help.</param>
/// <param name="Pictures">The fields that take a picture; none for a model of text alone.</param>
/// <param name="Styles">The styles' names.</param>
/// <param name="Presets">The presets that are for the model.</param>
/// <param name="Formats">The formats that can be written.</param>
/// <param name="Format">The format of a clip that asks for none.</param>
internal sealed record SettingsObject(
    string Model,
    IReadOnlyList<SettingObject> Data,
    IReadOnlyList<string> Pictures,
    IReadOnlyList<string> Styles,
    IReadOnlyList<PresetObject> Presets,
    IReadOnlyList<string> Formats,
    string Format
)
{
    public string Object { get; init; } = "settings";
}

/// <summary>A setting.</summary>
/// <param name="Name">The field of a request.</param>
/// <param name="Help">One line.</param>
/// <param name="ValueName">What its value is called.</param>
/// <param name="Type"><c>integer</c>, <c>number</c>, <c>choice</c>, <c>text</c>, or <c>value</c> for what has a form of its own.</param>
/// <param name="Expected">What a value looks like.</param>
/// <param name="Default">The value that it has if it is left out; null where it then means nothing.</param>
internal sealed record SettingObject(string Name, string Help, string ValueName, string Type, string Expected, string? Default)
{
    public decimal? Minimum { get; init; }

    public decimal? Maximum { get; init; }

    public IReadOnlyList<string>? Choices { get; init; }

    public string? Example { get; init; }

    /// <summary>Settings that say the same in another way: only one of them can be given.</summary>
    public IReadOnlyList<string>? Excludes { get; init; }

    /// <summary>Whether it is a part of another setting, as the width is of the size.</summary>
    public bool IsPart { get; init; }
}

/// <summary>A preset.</summary>
/// <param name="Name">Its name.</param>
/// <param name="About">What it makes.</param>
/// <param name="Ready">Whether what it needs is there.</param>
/// <param name="Note">What is used, or what is missing.</param>
internal sealed record PresetObject(string Name, string About, bool Ready, string Note);

/// <summary>What a video is made with.</summary>
/// <param name="Id">The video.</param>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Style">The style that is in the prompt already.</param>
/// <param name="Pictures">How many pictures it was given.</param>
/// <param name="Data">The settings that it has.</param>
internal sealed record VideoSettingsObject(string Id, string Prompt, string? Style, int Pictures, IReadOnlyList<SettingValue> Data)
{
    public string Object { get; init; } = "video.settings";
}

/// <summary>A setting of a video.</summary>
internal sealed record SettingValue(string Name, string Value);
