using WanSharp.Jobs;
using WanSharp.Jobs.Batches;

namespace WanSharp.Server.Work;

/// <summary>A video that is asked for, as far as it is known without the model.</summary>
internal sealed record VideoRequest
{
    /// <summary>One that says nothing yet.</summary>
    public static VideoRequest Nothing =>
        new()
        {
            Entry = new BatchEntry
            {
                Line = 1,
                Request = new JobRequest { Prompt = "" },
            },
        };

    /// <summary>What to make.</summary>
    public required BatchEntry Entry { get; init; }

    /// <summary>The model that is asked for; null for the one that is served.</summary>
    public string? Model { get; init; }

    /// <summary>The format, as an extension with its dot; null for the server's.</summary>
    public string? Format { get; init; }

    /// <summary>Its id; null for a new one.</summary>
    public string? Id { get; init; }

    /// <summary>Digest of all that it asks for.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The video whose settings it takes.</summary>
    public string? RemixedFrom { get; init; }

    /// <summary>The video that it continues or edits.</summary>
    public string? Source { get; init; }

    /// <summary>Whom the client makes it for.</summary>
    public string? User { get; init; }

    /// <inheritdoc cref="Contract.VideoDetails.Workflow"/>
    public string? Workflow { get; init; }
}
