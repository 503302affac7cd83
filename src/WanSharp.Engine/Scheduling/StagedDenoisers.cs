using WanSharp.Engine.Strategies;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// The denoisers that clips begin with. Where the whole network is wanted and takes minutes to compile, clips begin with
/// blocks meanwhile, which compile in milliseconds; once it is there, those that come begin with it.
/// </summary>
/// <remarks>For one caller at a time, except what says otherwise.</remarks>
/// <param name="model">The model.</param>
/// <param name="experts">The transformers' weights.</param>
/// <param name="graphs">Compiles each graph once.</param>
/// <param name="settings">How graphs are compiled.</param>
/// <param name="lanes">How many denoisers a set has.</param>
internal sealed class StagedDenoisers(WanModel model, ExpertWeights experts, GraphCache graphs, SessionSettings settings, int lanes)
    : IDisposable
{
    private volatile IReadOnlyList<DenoiserSet> _sets = []; // replaced, never changed: it is read from any thread
    private volatile PendingDenoisers? _coming;

    /// <summary>Bytes of the keys and values of prompts that are held. Thread-safe.</summary>
    public long KeyBytes => _sets.Sum(set => set.KeyBytes);

    /// <summary>Whether a clip is under way that began with some of them. Thread-safe.</summary>
    public bool IsUsed => _sets.Any(set => set.IsUsed);

    /// <summary>Ends when what is compiled in the background is there, or has failed. Thread-safe.</summary>
    public Task Ready => _coming?.Ended ?? Task.CompletedTask;

    /// <summary>
    /// Why what was compiled in the background is not there; clips go on as they began. Null where nothing failed. Thread-safe.
    /// </summary>
    public string? Failure => _coming?.Loading.Exception?.InnerException?.Message;

    /// <summary>What a clip begins with.</summary>
    /// <param name="wanted">How the transformer is to be compiled.</param>
    /// <param name="must">How it must be, for a clip that was begun before; null for whatever is ready.</param>
    /// <param name="inBlocks">Whether the clip asks for what only blocks can do.</param>
    /// <param name="prepared">Receives how many blocks' weights were brought into another form for it, and how many there are.</param>
    /// <param name="cancellationToken">Cancels compilation, except that in the background.</param>
    public async Task<DenoiserSet.Lease> BeginAsync(
        TransformerOptions wanted,
        CompileMode? must,
        bool inBlocks,
        Action<int, int> prepared,
        CancellationToken cancellationToken
    )
    {
        await TakeOverAsync(wanted).ConfigureAwait(false);
        if (inBlocks)
        {
            var blocks = wanted with
            {
                Mode = CompileMode.Blocks,
                StaticShapes = wanted.StaticShapes == true ? false : wanted.StaticShapes,
            };
            Drop(set => set.Options != blocks && set.Options != wanted);
            return (await LoadAsync(blocks, prepared, cancellationToken).ConfigureAwait(false)).Begin(CompileMode.Blocks);
        }

        var mode = must ?? (await IsReadyAsync(wanted, cancellationToken).ConfigureAwait(false) ? wanted.Mode : CompileMode.Blocks);
        if (mode != wanted.Mode && _coming is null && Find(wanted) is null)
        {
            _coming = new PendingDenoisers(
                wanted,
                stop => DenoiserSet.LoadAsync(model, experts, graphs, settings, wanted, lanes, prepared: null, stop)
            );
        }

        var options = wanted with { Mode = mode };
        Drop(set => set.Options != options && set.Options != wanted);
        return (await LoadAsync(options, prepared, cancellationToken).ConfigureAwait(false)).Begin(wanted.Mode);
    }

    /// <summary>Frees all; what is compiled in the background is given up.</summary>
    public void Dispose()
    {
#pragma warning disable VSTHRD002 // Dispose waits for the compilation that it stopped
        _coming?.DisposeAsync().AsTask().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        foreach (var set in _sets)
        {
            set.Dispose();
        }
    }

    /// <summary>Takes what was compiled in the background, if it is there; if it is not wanted any more, gives it up.</summary>
    private async Task TakeOverAsync(TransformerOptions wanted)
    {
        if (_coming is { } coming && coming.Options != wanted)
        {
            _coming = null;
            await coming.DisposeAsync().ConfigureAwait(false);
        }
        else if (_coming is { Loading.IsCompletedSuccessfully: true } there)
        {
            _sets = [.. _sets, await there.Loading.ConfigureAwait(false)];
            _coming = null;
        }
    }

    /// <summary>Whether nothing is to be compiled that takes long.</summary>
    private async Task<bool> IsReadyAsync(TransformerOptions wanted, CancellationToken cancellationToken) =>
        wanted.Mode != CompileMode.Whole
        || Find(wanted) is not null
        || (
            _coming is null
            && await Task.Run(() => PackedNetwork.IsKept(model, experts, graphs, settings, wanted), cancellationToken).ConfigureAwait(false)
        );

    private async Task<DenoiserSet> LoadAsync(TransformerOptions options, Action<int, int> prepared, CancellationToken cancellationToken)
    {
        if (Find(options) is not { } found)
        {
            found = await DenoiserSet
                .LoadAsync(model, experts, graphs, settings, options, lanes, prepared, cancellationToken)
                .ConfigureAwait(false);
            _sets = [.. _sets, found];
        }

        return found;
    }

    private DenoiserSet? Find(TransformerOptions options) => _sets.FirstOrDefault(set => set.Options == options);

    private void Drop(Func<DenoiserSet, bool> isOld)
    {
        DenoiserSet[] old = [.. _sets.Where(set => isOld(set) && !set.IsUsed)];
        _sets = [.. _sets.Except(old)];
        Array.ForEach(old, set => set.Dispose());
    }

    /// <summary>Denoisers that are compiled in the background.</summary>
    private sealed class PendingDenoisers : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();

        public PendingDenoisers(TransformerOptions options, Func<CancellationToken, Task<DenoiserSet>> load)
        {
            Options = options;
            Loading = Task.Run(() => load(_stop.Token));
            Ended = Loading.ContinueWith(
                _ => { },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        }

        public TransformerOptions Options { get; }

        public Task<DenoiserSet> Loading { get; }

        /// <summary>Ends with the loading, however that ends.</summary>
        public Task Ended { get; }

        /// <summary>Cancels the loading, and frees what was loaded.</summary>
        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await Ended.ConfigureAwait(false);
            _stop.Dispose();
            if (Loading.IsCompletedSuccessfully)
            {
                (await Loading.ConfigureAwait(false)).Dispose();
            }
        }
    }
}
