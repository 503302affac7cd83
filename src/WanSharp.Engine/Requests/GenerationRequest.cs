namespace WanSharp.Engine.Requests;

/// <summary>What somebody asks for: a prompt, settings, images. A setting left null takes the model's default.</summary>
public sealed record GenerationRequest : ClipSettings
{
    /// <summary>The longest prompt, in UTF-16 characters; a model sees a few hundred words of it.</summary>
    public const int MaximumPromptLength = 8192;

    /// <summary>A request whose settings all take the model's defaults.</summary>
    public GenerationRequest() { }

    /// <summary>A request with the given settings.</summary>
    public GenerationRequest(ClipSettings settings)
        : base(settings) { }

    /// <summary>What the video shows. Not empty.</summary>
    public required string Prompt { get; init; }

    /// <summary>Images that frames of the clip are to show: which frames can be given depends on the model.</summary>
    public IReadOnlyList<ConditioningImage> Images { get; init; } = [];
}
