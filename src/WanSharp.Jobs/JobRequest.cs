using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Jobs;

/// <summary>
/// What a job asks for, as it is stored: style already applied, images by the full path of their files. What is null takes
/// the model's default, as in <see cref="WanSharp.Engine.Requests.GenerationRequest"/>, whose ranges hold.
/// </summary>
public sealed record JobRequest
{
    /// <summary>
    /// snake_case, and prompts readable in every language. By reflection: generated readers forget the defaults of what is left
    /// out.
    /// </summary>
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
    };

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Prompt"/>
    public required string Prompt { get; init; }

    /// <summary>The prompt as it was written, with its wildcards; null where it had none. For reports: it changes nothing.</summary>
    public string? Template { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.NegativePrompt"/>
    public string? Negative { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Width"/>
    public int? Width { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Height"/>
    public int? Height { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Frames"/>
    public int? Frames { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Seconds"/>
    public double? Seconds { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Fps"/>
    public int? Fps { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Steps"/>
    public int? Steps { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.GuidanceScale"/>
    public float? Guidance { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.HighNoiseGuidanceScale"/>
    public float? GuidanceHigh { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Sampler"/>
    public string? Sampler { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Shift"/>
    public double? Shift { get; init; }

    /// <summary>Seed of the noise; null leaves it to the backend, which says it in <see cref="PreparedJob.Seed"/>.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Image files by the latent frame that shows them: 0 the first, -1 the last.</summary>
    public IReadOnlyDictionary<int, string> Images { get; init; } = new Dictionary<int, string>();

    /// <summary>One line of JSON; what is null is left out.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a request back.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JobRequest FromJson(string json) =>
        JsonSerializer.Deserialize<JobRequest>(json, Json) ?? throw new JsonException("The request is null.");
}
