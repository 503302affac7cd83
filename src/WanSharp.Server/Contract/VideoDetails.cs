using System.Text.Json;

namespace WanSharp.Server.Contract;

/// <summary>What the server wants to know of a job beyond what makes its clip: kept with the job.</summary>
internal sealed record VideoDetails
{
    /// <summary>When it was asked for, in milliseconds of Unix time.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Digest of the request that it came with: a repeated one is told from another one with the same key.</summary>
    public string? RequestSha256 { get; init; }

    /// <summary>The video whose settings it took.</summary>
    public string? RemixedFrom { get; init; }

    /// <summary>The video that it continues or edits.</summary>
    public string? Source { get; init; }

    /// <summary>What the client calls the batch that it came with.</summary>
    public string? BatchName { get; init; }

    /// <summary>Whom the client made it for.</summary>
    public string? User { get; init; }

    /// <summary>The prompt as it was written, before a style framed it; null where none did.</summary>
    public string? Prompt { get; init; }

    /// <summary>The graph that a client of ComfyUI's API sent, with what belongs to it, as JSON; null for other requests.</summary>
    public string? Workflow { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, ServerJson.Readable.VideoDetails);

    /// <summary>Reads what is kept with a job; null for a job of another program.</summary>
    public static VideoDetails? FromJson(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, ServerJson.Readable.VideoDetails);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
