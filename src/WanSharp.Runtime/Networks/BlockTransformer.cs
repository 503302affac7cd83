using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Devices;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Runs a Wan transformer block by block: three small graphs compile once, and the block's graph runs with each block's
/// weights in turn: as views of the checkpoint, widened block by block, or copied to the device, where activations then
/// stay too.
/// </summary>
/// <remarks>Buffers grow to the largest batch seen and are kept.</remarks>
internal sealed class BlockTransformer : TransformerRunner
{
    private readonly PreparedRun _embed;
    private readonly IBlockPass _blocks;
    private readonly PreparedRun _head;
    private readonly SessionMemory _memory;
    private readonly Action<string, Tensor>? _observe;
    private (Shape Latents, RuntimeValue Cos, RuntimeValue Sin, Tensor Grid)? _positions;
    private RuntimeValue? _x;
    private RuntimeValue? _next;

    private BlockTransformer(
        TransformerConfig configuration, ContextEncoder context, PreparedRun embed, IBlockPass blocks, PreparedRun head, SessionMemory memory, Action<string, Tensor>? observe)
        : base(configuration, context)
    {
        _memory = memory;
        _embed = embed;
        _blocks = blocks;
        _head = head;
        _observe = observe;
    }

    /// <inheritdoc cref="TransformerRunner.CreateAsync"/>
    public static async Task<BlockTransformer> LoadAsync(
        GraphCache graphs, TransformerConfig configuration, WeightStore weights, SessionSettings settings, TransformerOptions transformer,
        Action<string, Tensor>? observe, CancellationToken cancellationToken)
    {
        var loader = new NetworkLoader(graphs, settings, weights);
        var options = loader.Options(observed: observe is not null) with { Compute = transformer.Compute, Quantization = transformer.Quantization };
        var owned = new List<IDisposable>();
        try
        {
            var context = Own(await ContextEncoder.LoadAsync(loader, configuration, options, transformer.KeyBytes, observe, cancellationToken));
            var embed = Own(await loader.PrepareAsync(WanTransformer.Embed(configuration, options), "", cancellationToken));
            var blocks = Own(await PrepareAsync(loader, configuration, options, transformer, new JoinedKeys(context), observe, cancellationToken));
            var head = Own(await loader.PrepareAsync(WanTransformer.Head(configuration, options), "", cancellationToken));
            return new BlockTransformer(configuration, context, embed, blocks, head, loader.Memory, observe);
        }
        catch
        {
            owned.ForEach(part => part.Dispose());
            throw;
        }

        T Own<T>(T part)
            where T : IDisposable
        {
            owned.Add(part);
            return part;
        }
    }

    private static async Task<IBlockPass> PrepareAsync(
        NetworkLoader loader, TransformerConfig configuration, GraphOptions options, TransformerOptions transformer, JoinedKeys keys,
        Action<string, Tensor>? observe, CancellationToken cancellationToken)
    {
        if (transformer.TokensAtOnce is not { } most || loader.Memory is not HostMemory || observe is not null)
        {
            return new FullBlockPass(await BlocksAsync(WanTransformer.Block), keys, observe);
        }

        var selfKeys = await BlocksAsync(WanTransformer.SelfKeys);
        try
        {
            return new PieceBlockPass(selfKeys, await BlocksAsync(WanTransformer.BlockRows), keys, most);
        }
        catch
        {
            selfKeys.Dispose();
            throw;
        }

        Task<IBlockRuns> BlocksAsync(Func<TransformerConfig, GraphOptions, OnnxGraph> write) =>
            loader.PrepareBlocksAsync(written => write(configuration, written), options, configuration.Layers, i => $"blocks.{i}.", cancellationToken);
    }

    /// <inheritdoc/>
    public override void ReleaseMemory()
    {
        _blocks.ReleaseMemory();
        _x?.Dispose();
        _next?.Dispose();
        (_x, _next) = (null, null);
        ForgetPositions();
    }

    private protected override void Free()
    {
        ReleaseMemory();
        _embed.Dispose();
        _head.Dispose();
        _blocks.Dispose();
        Context.Dispose();
    }

    private protected override void Run(
        Tensor latents, ReadOnlySpan<float> timesteps, IReadOnlyList<TextKeys> contexts, Tensor velocity, CancellationToken cancellationToken)
    {
        var (_, cos, sin, grid) = PositionsOf(latents.Shape, cancellationToken);
        var (batch, tokens) = (latents.Shape[0], cos.Shape[0]);
        Shape activations = [batch, tokens, Configuration.Dim];
        var x = _memory.Buffer(ref _x, activations, cancellationToken);
        var next = _memory.Buffer(ref _next, activations, cancellationToken);

        using var embedded = Embed(latents, timesteps, x, cancellationToken);
        for (var i = 0; i < _blocks.Count; i++)
        {
            _blocks.Run(i, new BlockValues(x, next, embedded["e0"], cos, sin, contexts), cancellationToken);
            if (_observe is not null)
            {
                NetworkLoader.Show(_observe, $"block{i}", next);
            }

            (x, next) = (next, x);
        }

        _head.SetInput("x", x);
        _head.SetInput("e", embedded["e"]);
        _head.SetInput("grid", grid);
        _head.SetOutput("velocity", velocity);
        using var output = _head.Run(cancellationToken);
    }

    private RunResult Embed(Tensor latents, ReadOnlySpan<float> timesteps, RuntimeValue x, CancellationToken cancellationToken)
    {
        var batch = latents.Shape[0];
        var wide = new double[timesteps.Length];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = timesteps[i];
        }

        using var sinusoids = WanTransformer.TimestepEmbedding(Configuration, wide);
        _embed.SetInput("latents", latents);
        _embed.SetInput("timestep_embedding", sinusoids.Reshape([batch, timesteps.Length / batch, Configuration.FreqDim]));
        _embed.SetOutput("x", x);
        var result = _embed.Run(cancellationToken);
        if (_observe is not null)
        {
            NetworkLoader.Show(_observe, "patch_embed", x);
            NetworkLoader.Show(_observe, "", result, except: "x");
        }

        return result;
    }

    /// <summary>The rope tables and the grid, made anew when the latents' size changes.</summary>
    private (Shape Latents, RuntimeValue Cos, RuntimeValue Sin, Tensor Grid) PositionsOf(Shape latents, CancellationToken cancellationToken)
    {
        var size = Shape.Create(latents.Dims[2..]);
        if (_positions is { } known && known.Latents == size)
        {
            return known;
        }

        ForgetPositions();
        var (cos, sin) = WanTransformer.RopeTables(Configuration, (int)size[0], (int)size[1], (int)size[2]);
        using var cosines = cos; // the values hold what they need of them
        using var sines = sin;
        var patch = Configuration.PatchSize;
        var grid = Tensor.CopyOf<long>([3], [size[0] / patch.Frames, size[1] / patch.Height, size[2] / patch.Width]);
        _positions = (size, _memory.Place(cos, cancellationToken), _memory.Place(sin, cancellationToken), grid);
        return _positions.Value;
    }

    private void ForgetPositions()
    {
        if (_positions is { } positions)
        {
            positions.Cos.Dispose();
            positions.Sin.Dispose();
            positions.Grid.Dispose();
            _positions = null;
        }
    }
}
