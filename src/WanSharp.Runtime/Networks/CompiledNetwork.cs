using WanSharp.Runtime.Memory;

namespace WanSharp.Runtime.Networks;

/// <summary>A network of one graph, compiled when it is first used.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="compile">Compiles it with its weights.</param>
/// <param name="giveBack">Gives back memory for a run that was short of it, which is then tried once more; null: it fails.</param>
internal sealed class CompiledNetwork(Func<CancellationToken, Task<Session>> compile, Action<MemoryLimitException>? giveBack) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Session? _session;
    private bool _disposed;

    /// <summary>Runs the network, and compiles it before if need be.</summary>
    /// <param name="bind">Sets inputs and outputs.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public void Run(Action<PreparedRun> bind, CancellationToken cancellationToken)
    {
        using var run = Session(cancellationToken).Prepare();
        bind(run);
        try
        {
            run.Run(cancellationToken).Dispose();
        }
        catch (MemoryLimitException shortage) when (giveBack is not null)
        {
            giveBack(shortage);
            run.Run(cancellationToken).Dispose();
        }
    }

    private Session Session(CancellationToken cancellationToken) =>
#pragma warning disable VSTHRD002 // a run computes on its caller's thread, and so does what it has to compile; OpenAsync does not
        Volatile.Read(ref _session) ?? OpenAsync(cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    /// <summary>Compiles it unless it is compiled.</summary>
    public async Task<Session> OpenAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _session ??= await compile(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
#pragma warning disable RS0030 // Dispose cannot await, and what is being compiled must be there to be freed
        _turn.Wait();
#pragma warning restore RS0030
        try
        {
            _disposed = true;
            _session?.Dispose();
            _session = null;
        }
        finally
        {
            _turn.Release();
        }
    }
}
