using System.Text.Json.Nodes;
using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>One forward pass of a network at a given size: its weights' names, its inputs, its work.</summary>
internal abstract class Workload : IDisposable
{
    private readonly Dictionary<string, Tensor> _inputs = [];

    /// <summary>The network's name: that of the weights, and what the peer asks for.</summary>
    public abstract string Name { get; }

    /// <summary>The weights, under their full names.</summary>
    public abstract IEnumerable<WeightSlot> Weights { get; }

    /// <summary>Floating point operations of a forward pass.</summary>
    public abstract double Operations { get; }

    /// <summary>The network's arguments in training/model.py.</summary>
    public abstract JsonObject PeerArguments { get; }

    /// <summary>What goes in, by the names that the peer reads.</summary>
    public IReadOnlyDictionary<string, Tensor> Inputs => _inputs;

    /// <summary>What the options ask for.</summary>
    /// <exception cref="InvalidRequestException">There is no such shape, or no clip of that size.</exception>
    public static Workload For(BenchmarkOptions options)
    {
        var shape = NamedShape.Find(options.Shape, options.Layers);
        if (options.Subject == BenchmarkSubject.Text)
        {
            return new TextWorkload(shape.TextEncoder, shape.Transformer.TextLength);
        }

        var latents = LatentsOf(shape, options.Width, options.Height, options.Frames);
        return options.Subject == BenchmarkSubject.Vae
            ? new VaeWorkload(shape.Vae, latents)
            : new TransformerWorkload(shape.Transformer, latents, options.TextTokens);
    }

    /// <summary>The latents of a clip, <c>[1, channels, frames, height, width]</c>.</summary>
    /// <exception cref="InvalidRequestException">The model makes no clip of that size.</exception>
    public static Shape LatentsOf(NamedShape shape, int width, int height, int frames)
    {
        var (vae, patch) = (shape.Vae, shape.Transformer.PatchSize);
        var (across, down) = (vae.SpatialStride * patch.Width, vae.SpatialStride * patch.Height);
        var isClip =
            width > 0 && width % across == 0 && height > 0 && height % down == 0 && frames > 0 && (frames - 1) % vae.TemporalStride == 0;
        if (!isClip)
        {
            throw new InvalidRequestException(
                "size",
                $"{width}x{height} with {frames} frames is not a clip of this model: width must be a multiple of {across}, height of "
                    + $"{down}, frames one more than a multiple of {vae.TemporalStride}."
            );
        }

        return [1, vae.LatentChannels, 1 + ((frames - 1) / vae.TemporalStride), height / vae.SpatialStride, width / vae.SpatialStride];
    }

    /// <summary>Loads the network: maps the weights, compiles.</summary>
    public async Task<ILoadedNetwork> LoadAsync(string checkpoint, BenchmarkContext context, CancellationToken cancellationToken)
    {
        var loaded = Load(new WeightStore(Checkpoint.Open(checkpoint)) { ResidentBlocks = context.ResidentBlocks }, context);
        try
        {
            await loaded.CompileAsync(cancellationToken).ConfigureAwait(false);
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var input in _inputs.Values)
        {
            input.Dispose();
        }
    }

    /// <summary>The network on its weights, which it owns; not compiled yet.</summary>
    protected abstract ILoadedNetwork Load(WeightStore weights, BenchmarkContext context);

    /// <summary>Adds an input of standard normal noise.</summary>
    protected Tensor AddNoise(string name, Shape shape)
    {
        var tensor = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(Seed: 1, Stream: (uint)_inputs.Count).Fill(tensor.Write<float>());
        return Add(name, tensor);
    }

    /// <summary>Adds an input, which is disposed with the workload.</summary>
    protected Tensor Add(string name, Tensor tensor)
    {
        _inputs.Add(name, tensor);
        return tensor;
    }
}
