using System.Text.Json.Serialization;
using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Styles;

/// <summary>A named way to make clips look: a frame for the prompt, a negative prompt, and settings.</summary>
public sealed record Style
{
    /// <summary>Where a job's prompt goes in <see cref="Prompt"/>.</summary>
    public const string Placeholder = "{prompt}";

    /// <summary>Other names, such as 动漫 for anime.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The prompt, with <see cref="Placeholder"/> where the job's own goes.</summary>
    public string Prompt { get; init; } = Placeholder;

    /// <summary>What the clip must not show; null leaves the model's default.</summary>
    public string? Negative { get; init; }

    /// <summary>Settings that the style wants, by the names that batch files have for them.</summary>
    [JsonConverter(typeof(ClipSettingsJson))]
    public ClipSettings Settings { get; init; } = new();

    /// <summary>What differs for a model, by its name: a model that knows few words needs a prompt of these.</summary>
    public IReadOnlyDictionary<string, Style> Models { get; init; } = new Dictionary<string, Style>();

    private ClipSettings AllSettings => Settings with { NegativePrompt = Negative ?? Settings.NegativePrompt };

    /// <summary>A job's request in this style. What the request says itself stays; what it leaves open takes the style's.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model's name.</param>
    public JobRequest Apply(JobRequest request, string model)
    {
        ArgumentNullException.ThrowIfNull(request);
        var style = For(model);
        return SettingFields.FillAndJoin(request with { Prompt = style.Framed(request.Prompt) }, style.SettingsFor(request));
    }

    /// <inheritdoc cref="Apply(JobRequest, string)"/>
    public GenerationRequest Apply(GenerationRequest request, string model)
    {
        ArgumentNullException.ThrowIfNull(request);
        var style = For(model);
        return SettingFields.FillAndJoin(request with { Prompt = style.Framed(request.Prompt) }, style.SettingsFor(request));
    }

    /// <summary>
    /// What it sets of a request. A preset that the request names knows its steps and its guidance: those of a style are for clips
    /// without one.
    /// </summary>
    private ClipSettings SettingsFor(ClipSettings request) =>
        request.Preset is null ? AllSettings : SettingFields.Without(AllSettings, field => field.OfSteps);

    private Style For(string model) =>
        Models.FirstOrDefault(one => one.Key.Equals(model, StringComparison.OrdinalIgnoreCase)).Value ?? this;

    private string Framed(string prompt) => Prompt.Replace(Placeholder, prompt, StringComparison.Ordinal);
}
