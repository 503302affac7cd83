using WanSharp.Graphs.Networks;

namespace WanSharp.Tools.Selftest;

/// <summary>How far the values of a pipeline may lie from the original's: what one network rounds, the next ones are given.</summary>
internal sealed class PipelineLimits
{
    private readonly NumberLimit _conditions;
    private readonly int _velocity;
    private readonly int _frames;

    public PipelineLimits(SelftestContext context, PipelineNetworks networks)
    {
        var kernels = context.Limits.Pipeline;
        Text = context
            .LimitsOf(
                kernels,
                options => new TextEncoderGraphs(networks.Text, options).Whole,
                Umt5Encoder.ComputeFor(context.Settings.Compute)
            )
            .Of("text");
        Images = context.LimitsOf(kernels, options => new VaeGraphs(networks.Vae.Config, options).EncodeNext).Of("latents");
        ImageFeatures = networks.ImageEncoder is { } vision
            ? context.LimitsOf(kernels, options => new VisionEncoderGraphs(vision.Configuration, options).Whole).Of("features")
            : new NumberLimit(kernels);
        var most = new[] { Text.Roundings, Images.Roundings, ImageFeatures.Roundings }.Max();
        _conditions = new NumberLimit(kernels) { Compute = context.Settings.Compute }.After(most);
        _velocity = context
            .LimitsOf(kernels, options => new TransformerGraphs(networks.Transformer, options).Whole)
            .RoundingsOf("velocity");
        _frames = context.LimitsOf(kernels, options => new VaeGraphs(networks.Vae.Config, options).DecodeNext).RoundingsOf("frames");
    }

    /// <summary>Of the prompts' embeddings.</summary>
    public NumberLimit Text { get; }

    /// <summary>Of images as latents.</summary>
    public NumberLimit Images { get; }

    /// <summary>Of images as CLIP sees them.</summary>
    public NumberLimit ImageFeatures { get; }

    /// <summary>Of a step's values.</summary>
    /// <param name="passes">How many forward passes they come from, one after another.</param>
    /// <param name="gain"><see cref="NumberLimit.Gain"/>.</param>
    public NumberLimit Step(int passes, double gain) => _conditions.After(passes * _velocity) with { Gain = gain };

    /// <summary>Of the clip's frames.</summary>
    /// <inheritdoc cref="Step" path="/param"/>
    public NumberLimit Video(int passes, double gain) => Step(passes, gain).After(_frames);
}
