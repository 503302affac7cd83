using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Engine.Requests;

namespace WanSharp.Jobs;

/// <summary>
/// What a job asks for, as it is stored: style already applied, images by the full path of their files. A setting that is null
/// takes the model's default; a seed that is null is the backend's, which says it in <see cref="PreparedJob.Seed"/>.
/// </summary>
public sealed record JobRequest : ClipSettings
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

    /// <inheritdoc cref="GenerationRequest.Prompt"/>
    public required string Prompt { get; init; }

    /// <summary>The prompt as it was written, with its wildcards; null where it had none. For reports: it changes nothing.</summary>
    public string? Template { get; init; }

    /// <summary>Image files by the latent frame that shows them: 0 the first, -1 the last.</summary>
    public IReadOnlyDictionary<int, string> Images { get; init; } = new Dictionary<int, string>();

    /// <summary>
    /// The file of the clip that this one continues, and shows first; <see cref="ClipSettings.Seconds"/> are those that are made. Null for
    /// a clip of its own.
    /// </summary>
    public string? Extends { get; init; }

    /// <summary>One line of JSON; what is null is left out.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a request back.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JobRequest FromJson(string json) =>
        JsonSerializer.Deserialize<JobRequest>(json, Json) ?? throw new JsonException("The request is null.");
}
