using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Storage;

namespace WanSharp.Server.Work;

/// <summary>The backend, opened when it is first needed. Thread-safe.</summary>
/// <param name="host">Where things are.</param>
/// <param name="options">What it is opened with.</param>
/// <param name="store">The jobs that it makes: they are all made with the same settings.</param>
internal sealed class BackendHolder(WanHost host, ServerOptions options, JobStore store) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private volatile BatchBackend? _opened;

    /// <summary>The backend, if it is open.</summary>
    public BatchBackend? Opened => _opened;

    /// <summary>The backend.</summary>
    /// <param name="cancellationToken">Stops the waiting for it.</param>
    /// <exception cref="Tensors.CheckpointException">The model cannot be opened.</exception>
    /// <exception cref="JobStoreException">Jobs wait that were planned with another model or other settings.</exception>
    public async ValueTask<BatchBackend> OpenAsync(CancellationToken cancellationToken)
    {
        if (_opened is { } there)
        {
            return there;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _opened ??= await Task.Run(() => OpenOnceAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Closes the backend, so that the next use opens it again: its model's files have changed. No job runs.</summary>
    public async ValueTask CloseAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_opened is { } opened)
            {
                _opened = null;
                await opened.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private async Task<BatchBackend> OpenOnceAsync(CancellationToken cancellationToken)
    {
        var backend = await BatchBackend
            .OpenAsync(host, options.Backend, presetsOf: null, estimates: false, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            backend.Settings.RequireOf(store, options.AllowsModelChange);
            backend.Settings.Save(store);
            return backend;
        }
        catch
        {
            await backend.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
