using WanSharp.Engine.Memory;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// The networks that work on frames, for any number of lanes: what encodes and decodes them, and makes more of
/// them.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="model">The model.</param>
/// <param name="graphs">Compiles.</param>
/// <param name="settings">How graphs are compiled.</param>
/// <param name="pressure">Gives memory back for a run that was short of it.</param>
internal sealed class FrameNetworks(WanModel model, GraphCache graphs, SessionSettings settings, MemoryPressure pressure) : IDisposable
{
    /// <summary>Encode and decode frames.</summary>
    public VaeRunners Vaes { get; } =
        new(
            model,
            (config, weights) => new VaeRunner(graphs.Runtime, config, weights, settings, graphs, shortage => pressure.Relieve(shortage))
        );

    /// <summary>Enlarge frames.</summary>
    public EnhancerRunners<UpscalerRunner> Upscalers { get; } =
        new(file => new UpscalerRunner(
            graphs.Runtime,
            file.Upscaler!,
            file.Weights,
            settings,
            graphs,
            shortage => pressure.Relieve(shortage)
        ));

    /// <summary>Make frames between frames.</summary>
    public EnhancerRunners<InterpolatorRunner> Interpolators { get; } =
        new(file => new InterpolatorRunner(
            graphs.Runtime,
            file.Interpolator!,
            file.Weights,
            settings,
            graphs,
            shortage => pressure.Relieve(shortage)
        ));

    /// <summary>Compiles what a clip's latents will go through.</summary>
    public async Task CompileAsync(ClipRun clip)
    {
        using (var decoder = Vaes.Begin(clip.Plan.Decoder))
        {
            await decoder.Runner.CompileDecoderAsync(clip.Cancelled).ConfigureAwait(false);
        }

        if (clip.Plan.Interpolator is { } between)
        {
            using var interpolator = Interpolators.Begin(between);
            await interpolator.Runner.CompileAsync(clip.Cancelled).ConfigureAwait(false);
        }

        if (clip.Plan.Upscaler is { } file)
        {
            using var upscaler = Upscalers.Begin(file);
            await upscaler.Runner.CompileAsync(clip.Cancelled).ConfigureAwait(false);
        }
    }

    /// <summary>Frees what no clip has.</summary>
    public void Trim()
    {
        Vaes.Trim();
        Interpolators.Trim();
        Upscalers.Trim();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Vaes.Dispose();
        Interpolators.Dispose();
        Upscalers.Dispose();
    }
}
