using System.Collections.Concurrent;
using WanSharp.Hosting;
using WanSharp.Hosting.Hub;
using WanSharp.Server.Http;

namespace WanSharp.Server.Page;

/// <summary>Models that are being fetched, one at a time for each name. An interrupted one resumes where it stopped. Thread-safe.</summary>
/// <param name="host">The hub, and where models are kept.</param>
internal sealed class ModelPulls(WanHost host) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Pull> _pulls = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();

    /// <summary>All of this run of the server.</summary>
    public IReadOnlyList<PullObject> All => [.. _pulls.Values.Select(pull => pull.Now).OrderBy(pull => pull.Name, StringComparer.Ordinal)];

    /// <summary>Begins to fetch what an alias names, unless that runs already.</summary>
    /// <param name="request">What to fetch.</param>
    /// <returns>How far it is.</returns>
    public PullObject Start(PullRequest request)
    {
        lock (_gate)
        {
            if (_pulls.TryGetValue(request.Name, out var there) && !there.Task.IsCompleted)
            {
                return there.Now;
            }

            var pull = new Pull(request.Name, CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
            pull.Task = Task.Run(() => RunAsync(request, pull));
            _pulls[request.Name] = pull;
            return pull.Now;
        }
    }

    /// <summary>Stops a pull; what has come stays for the next one.</summary>
    /// <returns>Whether there is one.</returns>
    public async Task<bool> CancelAsync(string name)
    {
        if (!_pulls.TryGetValue(name, out var pull))
        {
            return false;
        }

        await pull.Stop.CancelAsync().ConfigureAwait(false);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var pull in _pulls.Values)
        {
            await pull.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pull.Stop.Dispose();
        }

        _stop.Dispose();
    }

    private async Task RunAsync(PullRequest request, Pull pull)
    {
        try
        {
            var model = await new ModelPull(host.Options.Hub, host.Options.Clock)
                .PullAsync(request, pull, pull.Stop.Token)
                .ConfigureAwait(false);
            pull.Now = pull.Now with { State = "done", Done = model.Length, Total = model.Length, File = null };
        }
        catch (OperationCanceledException) when (pull.Stop.IsCancellationRequested)
        {
            pull.Now = pull.Now with { State = "cancelled" };
        }
        catch (Exception exception)
        {
            host.Options.Notice?.Invoke($"{request.Name} cannot be fetched: {exception.Message}");
            pull.Now = pull.Now with { State = "failed", Error = ClientText.Of(exception.Message) };
        }
    }

    /// <summary>One of them.</summary>
    private sealed class Pull(string name, CancellationTokenSource stop) : IProgress<PullProgress>
    {
        private volatile PullObject _now = new(name, "running", Done: 0, Total: 0, File: null, Error: null);

        public CancellationTokenSource Stop { get; } = stop;

        public Task Task { get; set; } = Task.CompletedTask;

        public PullObject Now
        {
            get => _now;
            set => _now = value;
        }

        public void Report(PullProgress value) => _now = _now with { Done = value.Done, Total = value.Total, File = value.File };
    }
}
