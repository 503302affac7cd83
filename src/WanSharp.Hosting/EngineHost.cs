using WanSharp.Engine;
using WanSharp.Engine.Features;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Storage;

namespace WanSharp.Hosting;

/// <summary>An open model, ONNX Runtime, and the generator that makes clips with them.</summary>
/// <remarks>Thread-safe. Dispose it when no clip is under way.</remarks>
public sealed class EngineHost : IDisposable
{
    private readonly OwnedParts _parts;

    private EngineHost(OwnedParts parts, WanModel model, OrtRuntime runtime, SessionSettings session, IVideoGenerator generator) =>
        (_parts, Model, Runtime, Session, Generator) = (parts, model, runtime, session, generator);

    /// <summary>The model.</summary>
    public WanModel Model { get; }

    /// <summary>What executes its networks.</summary>
    public OrtRuntime Runtime { get; }

    /// <summary>How its graphs are compiled, and for which provider.</summary>
    public SessionSettings Session { get; }

    /// <summary>Makes clips.</summary>
    public IVideoGenerator Generator { get; }

    /// <summary>Opens an engine. Networks are compiled when the first clip needs them.</summary>
    /// <param name="host">Where things are.</param>
    /// <param name="settings">The model, and what computes it. Default: the default model on the fastest provider.</param>
    /// <exception cref="Tensors.CheckpointException">The model cannot be opened.</exception>
    /// <exception cref="Tensors.InvalidRequestException">The provider is not there, or takes no such options.</exception>
    public static EngineHost Open(WanHost host, EngineSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        settings ??= new EngineSettings();
        var parts = new OwnedParts();
        try
        {
            var model = parts.Add(host.OpenModel(settings.Model, settings.Parts));
            var runtime = parts.Add(host.OpenRuntime(settings.Threads ?? ThreadsFor(settings.Options)));
            var session = host.SettingsFor(runtime, settings.Provider, settings.ProviderOptions, settings.Memory?.Bytes);
            var transformer = host.TransformerOptions(settings.Precision, settings.Compile.Compile ?? CompileMode.Blocks);
            var options = settings.Compile.For(
                WanHost.WithMemory(settings.Options, model, settings.Memory, settings.HostMemory),
                parts.Add(host.OpenTunings())
            );
            options = options with
            {
                DecoderFolders = [.. options.DecoderFolders, .. host.Models.SearchFolders],
                Presets = host.OpenPresets(model),
                Ffmpeg = host.FindFfmpeg,
            };
            if (settings.KeepsFeatures && options.FeatureBytes > 0)
            {
                options = options with { Features = new DiskFeatureStore(parts.Add(host.OpenSection(CacheSections.Features))) };
            }

            var generator = parts.Add(new VideoGenerator(model, runtime, session, transformer, options));
            return new EngineHost(parts, model, runtime, session, generator);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _parts.Dispose();

    /// <summary>The library's choice for one lane; for several, as many as leave no core idle.</summary>
    private static int? ThreadsFor(EngineOptions options) =>
        options.Lanes == 1 ? null : EngineOptions.ThreadsFor(options.Lanes, Environment.ProcessorCount);
}
