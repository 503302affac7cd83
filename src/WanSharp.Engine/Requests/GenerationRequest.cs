namespace WanSharp.Engine.Requests;

/// <summary>A request for a clip: a prompt, settings, images. Null settings take the model's defaults.</summary>
public sealed record GenerationRequest : ClipSettings
{
    /// <summary>The longest prompt, in UTF-16 characters; a model reads a few hundred words of it.</summary>
    public const int MaximumPromptLength = 8192;

    /// <summary>Creates a request with the model's defaults.</summary>
    public GenerationRequest() { }

    /// <summary>Creates a request with the given settings.</summary>
    public GenerationRequest(ClipSettings settings)
        : base(settings) { }

    /// <summary>What the video shows. Must not be empty.</summary>
    public required string Prompt { get; init; }

    /// <summary>Images that frames of the clip should show; which frames accept one depends on the model.</summary>
    public IReadOnlyList<ConditioningImage> Images { get; init; } = [];
}
