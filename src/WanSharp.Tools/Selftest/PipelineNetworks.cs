using WanSharp.Engine.Denoising;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;

namespace WanSharp.Tools.Selftest;

/// <summary>The networks of a pipeline's fixture, as its <c>config.json</c> lists them by file.</summary>
internal sealed class PipelineNetworks : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private PipelineNetworks() { }

    public Umt5Config Text { get; private set; } = null!;

    public TextEncoderRunner TextEncoder { get; private set; } = null!;

    public Experts Experts { get; private set; } = null!;

    /// <summary>Where the high-noise expert hands over; null where there is one transformer.</summary>
    public double? Boundary { get; private set; }

    public VaeRunner Vae { get; private set; } = null!;

    /// <summary>Wan 2.1's image-to-video models have one.</summary>
    public VisionEncoderRunner? ImageEncoder { get; private set; }

    public TransformerConfig Transformer => Experts.Configuration;

    public static async Task<PipelineNetworks> LoadAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var networks = new PipelineNetworks();
        try
        {
            await networks.LoadAllAsync(fixture, context, cancellationToken).ConfigureAwait(false);
            return networks;
        }
        catch
        {
            networks.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(owned => owned.Dispose());
    }

    private async Task LoadAllAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var models = fixture.Config.GetProperty("models");
        Text = fixture
            .Section(models.GetProperty("t5.safetensors"), ModelJson.Default.TextEncoderSection)
            .ToConfiguration(fixture.ConfigPath);
        TextEncoder = Own(
            await TextEncoderRunner
                .CreateAsync(context.Graphs, Text, Weights("t5.safetensors"), context.Settings, cancellationToken: cancellationToken)
                .ConfigureAwait(false)
        );

        var vae = fixture.Section(models.GetProperty("vae.safetensors"), ModelJson.Default.VaeSection).ToConfiguration(fixture.ConfigPath);
        Vae = Own(new VaeRunner(context.Runtime, vae, Weights("vae.safetensors"), context.Settings));

        Boundary = fixture.Config.TryGetProperty("boundary", out var boundary) ? boundary.GetDouble() : null;
        Experts = Boundary is not null
            ? new Experts(
                await TransformerAsync("dit_low.safetensors").ConfigureAwait(false),
                await TransformerAsync("dit_high.safetensors").ConfigureAwait(false)
            )
            : new Experts(await TransformerAsync("dit.safetensors").ConfigureAwait(false));

        if (models.TryGetProperty("clip.safetensors", out var section))
        {
            var vision = fixture.Section(section, ModelJson.Default.VisionEncoderSection).ToConfiguration(fixture.ConfigPath);
            ImageEncoder = Own(
                await VisionEncoderRunner
                    .CreateAsync(
                        context.Graphs,
                        vision,
                        Weights("clip.safetensors"),
                        context.Settings,
                        cancellationToken: cancellationToken
                    )
                    .ConfigureAwait(false)
            );
        }

        async Task<TransformerRunner> TransformerAsync(string file)
        {
            int? visionDim = fixture.Config.TryGetProperty("clip_dim", out var dim) ? dim.GetInt32() : null;
            var transformer = fixture
                .Section(models.GetProperty(file), ModelJson.Default.TransformerSection)
                .ToConfiguration(fixture.ConfigPath, visionDim);
            return Own(
                await TransformerRunner
                    .CreateAsync(
                        context.Graphs,
                        transformer,
                        Weights(file),
                        context.Settings,
                        options: context.Transformer,
                        cancellationToken: cancellationToken
                    )
                    .ConfigureAwait(false)
            );
        }

        WeightStore Weights(string file) => Own(new WeightStore(fixture.Weights(file)));
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
