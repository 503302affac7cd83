namespace WanSharp.Jobs.Styles;

/// <summary>Settings that a style may want; null leaves the model's default.</summary>
public sealed record StyleSettings
{
    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Steps"/>
    public int? Steps { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.GuidanceScale"/>
    public float? Guidance { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Sampler"/>
    public string? Sampler { get; init; }

    /// <inheritdoc cref="WanSharp.Engine.Requests.GenerationRequest.Shift"/>
    public double? Shift { get; init; }
}
