using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>What a transformer does once for a context: embeds it, and makes each block's keys and values of it.</summary>
/// <remarks>Thread-safe: contexts may be prepared while a forward pass runs; they wait for each other.</remarks>
internal sealed class ContextEncoder : IDisposable
{
    private readonly TransformerConfig _configuration;
    private readonly ContextGraphs _plain;
    private readonly Func<CancellationToken, Task<ContextGraphs>> _loadAdapted;
    private readonly Action<string, Tensor>? _observe;
    private readonly Lock _turn = new();
    private readonly long _budget;
    private ContextGraphs? _adapted;
    private long _free;

    private ContextEncoder(
        TransformerConfig configuration,
        ContextGraphs plain,
        Func<CancellationToken, Task<ContextGraphs>> loadAdapted,
        long budget,
        Action<string, Tensor>? observe
    )
    {
        (_configuration, _plain, _loadAdapted, _observe) = (configuration, plain, loadAdapted, observe);
        _free = _budget = budget;
    }

    /// <summary>How many bytes all contexts together keep now.</summary>
    public long KeptBytes => _budget - Interlocked.Read(ref _free);

    /// <summary>What a block's keys and values are called, in their order everywhere.</summary>
    public IReadOnlyList<string> KeyNames(int block) => WanTransformer.KeyNames(_configuration, block);

    /// <summary>What a key is made of, by its place among a block's: the text, the images, or for a control the text again.</summary>
    public static Tensor EmbeddingOf(TextKeys keys, int key) => keys.Embeddings[key / 2 < keys.Embeddings.Count ? key / 2 : 0];

    /// <param name="loader">The network's weights, and how graphs are compiled.</param>
    /// <param name="configuration">The network's dimensions.</param>
    /// <param name="options">How graphs are written.</param>
    /// <param name="budget">How many bytes all contexts together may keep.</param>
    /// <param name="observe">Sees the embeddings.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    public static async Task<ContextEncoder> LoadAsync(
        NetworkLoader loader,
        TransformerConfig configuration,
        GraphOptions options,
        long budget,
        Action<string, Tensor>? observe,
        CancellationToken cancellationToken
    )
    {
        var plain = await ContextGraphs.LoadAsync(loader, configuration, options, cancellationToken).ConfigureAwait(false);
        return new ContextEncoder(configuration, plain, LoadAdaptedAsync, budget, observe);

        Task<ContextGraphs> LoadAdaptedAsync(CancellationToken token) =>
            ContextGraphs.LoadAsync(loader, configuration, options with { Adapters = true }, token);
    }

    /// <summary>Embeds a context and makes keys and values of it for as many blocks as the budget has room for.</summary>
    public TextKeys Prepare(Tensor context, Tensor? imageFeatures, AdapterUse? adapter, CancellationToken cancellationToken)
    {
        Shape expected = [1, _configuration.TextLength, _configuration.TextDim];
        if (context.Shape != expected)
        {
            throw new ArgumentException($"A request's context is {expected} for this network, not {context.Shape}.", nameof(context));
        }

        if ((imageFeatures is null) != (_configuration.VisionDim is null) || (imageFeatures is not null && imageFeatures.Shape[0] != 1))
        {
            throw new ArgumentException(
                $"This network attends to {(_configuration.VisionDim is null ? "no image" : "the image features of one request")}, "
                    + $"and was given {imageFeatures?.Shape.ToString() ?? "none"}.",
                nameof(imageFeatures)
            );
        }

        lock (_turn)
        {
            var keys = new TextKeys(this, Embed(context, imageFeatures, adapter, cancellationToken), adapter);
            try
            {
                for (var block = 0; block < _configuration.Layers && TryTake(BytesOfBlock(keys, block)); block++)
                {
                    KeepBlock(keys, block, cancellationToken);
                }

                return keys;
            }
            catch
            {
                keys.Dispose();
                throw;
            }
            finally
            {
                _plain.ReleaseMemory();
                _adapted?.ReleaseMemory();
            }
        }
    }

    /// <summary>
    /// A block's keys and values of a context that does not keep them, <c>[1, rows, dim]</c> each; the caller disposes them.
    /// </summary>
    public Tensor[] Compute(TextKeys context, int block, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            var graphs = GraphsFor(context.Adapter, cancellationToken);
            var run = graphs.Keys.Take(block);
            // keys and values of each embedding
            var names = KeyNames(block);
            Tensor[] made = [.. names.Select((_, i) => Tensor.Zeros(DType.F32, EmbeddingOf(context, i).Shape))];
            string[] inputs = ["context_embedding", "image_embedding"];
            try
            {
                foreach (var (name, embedding) in inputs.Zip(context.Embeddings))
                {
                    run.SetInput(name, embedding);
                }

                foreach (var (name, tensor) in names.Zip(made))
                {
                    run.SetOutput(name, tensor);
                }

                graphs.KeyAdapters?.Of(block).Bind(run, TransformerGraphs.BlockPrefix(block), [context.Adapter], cancellationToken);
                run.Run(cancellationToken).Dispose();
                return made;
            }
            catch
            {
                Array.ForEach(made, tensor => tensor.Dispose());
                throw;
            }
            finally
            {
                graphs.KeyAdapters?.Of(block).Unbind(run);
                foreach (var name in inputs.Take(context.Embeddings.Count).Concat(names))
                {
                    run.Unset(name); // the context's memory goes with the context
                }
            }
        }
    }

    /// <summary>Room for other contexts.</summary>
    public void GiveBack(long bytes) => Interlocked.Add(ref _free, bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        _adapted?.Dispose();
    }

    private bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _free, -bytes) >= 0)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    private long BytesOfBlock(TextKeys keys, int block) => KeyNames(block).Select((_, i) => EmbeddingOf(keys, i).ByteLength).Sum();

    private void KeepBlock(TextKeys keys, int block, CancellationToken cancellationToken)
    {
        try
        {
            keys.Keep(Compute(keys, block, cancellationToken));
        }
        catch
        {
            GiveBack(BytesOfBlock(keys, block));
            throw;
        }
    }

    /// <summary>The graphs for a context with LoRAs, or without; those with are compiled when they are first needed.</summary>
    private ContextGraphs GraphsFor(AdapterUse? adapter, CancellationToken cancellationToken)
    {
        if (adapter is null)
        {
            return _plain;
        }

#pragma warning disable VSTHRD002 // a context is prepared on its caller's thread
        return _adapted ??= _loadAdapted(cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    /// <summary>[1, rows, dim] of the text, and of the images where there are some.</summary>
    private List<Tensor> Embed(Tensor context, Tensor? imageFeatures, AdapterUse? adapter, CancellationToken cancellationToken)
    {
        using var text = WithoutPadding(context);
        var graphs = GraphsFor(adapter, cancellationToken);
        var run = graphs.Embed;
        run.SetInput("context", text);
        if (imageFeatures is not null)
        {
            run.SetInput("clip_features", imageFeatures);
        }

        graphs.EmbedAdapters?.Bind(run, "", [adapter], cancellationToken);
        try
        {
            using var result = run.Run(cancellationToken);
            NetworkLoader.Show(_observe, "", result, except: "");
            string[] outputs = _configuration.VisionDim is null ? ["context_embedding"] : ["context_embedding", "image_embedding"];
            return [.. outputs.Select(name => result[name].CopyToHost(cancellationToken))];
        }
        finally
        {
            graphs.EmbedAdapters?.Unbind(run);
        }
    }

    /// <summary>[1, text_len, text_dim] → [1, text_rows, text_dim]: the text's rows and one row of zeros, if there are any.</summary>
    private static Tensor WithoutPadding(Tensor context)
    {
        var (length, dim) = (context.Shape[1], context.Shape[2]);
        var values = context.Read<float>();
        var rows = Math.Min((values.LastIndexOfAnyExcept(0f) / dim) + 2, length);
        return Tensor.CopyOf([1, rows, dim], values[..(int)(rows * dim)]);
    }
}
