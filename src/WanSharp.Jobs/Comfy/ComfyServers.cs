namespace WanSharp.Jobs.Comfy;

/// <summary>The servers of a backend: which gets the next job, and the wait for one when none answers.</summary>
internal sealed class ComfyServers : IDisposable
{
    /// <summary>A server that was lost is left alone for this long, as long as there are others.</summary>
    private static readonly TimeSpan RestAfterLoss = TimeSpan.FromSeconds(15);

    private readonly ComfyBackendOptions _options;
    private readonly SemaphoreSlim _places;
    private readonly SemaphoreSlim _choosing = new(1, 1);
    private readonly Dictionary<ComfyServer, long> _lost = [];
    private readonly Dictionary<ComfyServer, ServerLostException> _useless = [];
    private long? _noneSince;

    public ComfyServers(IEnumerable<ComfyAddress> addresses, ComfyBackendOptions options)
    {
        _options = options;
        All = [.. addresses.DistinctBy(address => address.Name).Select(address => new ComfyServer(address, options))];
        _places = new SemaphoreSlim(Concurrency, Concurrency);
    }

    public IReadOnlyList<ComfyServer> All { get; }

    /// <summary>Jobs at all servers at once.</summary>
    public int Concurrency => All.Count * _options.JobsPerServer;

    /// <summary>Waits for a place at a server: the one that is preferred, or else the one with the fewest jobs.</summary>
    /// <param name="preferred">The name of the server that has the job already, or null.</param>
    /// <param name="tried">Servers that could not make this job.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The place, to be disposed; null when no server is left that was not tried.</returns>
    /// <exception cref="BackendUnavailableException">No server answered within the time, or none can be used at all.</exception>
    public async Task<Place?> ChooseAsync(string? preferred, IReadOnlySet<ComfyServer> tried, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        var isTaken = false;
        try
        {
            while (true)
            {
                await _choosing.WaitAsync(cancellationToken).ConfigureAwait(false); // so that two jobs see each other
                try
                {
                    var left = All.Where(server => !tried.Contains(server)).ToList();
                    if (left.Count == 0)
                    {
                        return null;
                    }

                    var (server, failures) = await LeastBusyAsync(left, preferred, cancellationToken).ConfigureAwait(false);
                    if (server is not null)
                    {
                        NoteFound(server);
                        server.Enter();
                        isTaken = true;
                        return new Place(server, this);
                    }

                    if (tried.Count > 0)
                    {
                        return null; // what the others said of the job decides
                    }

                    NoteNone(failures);
                }
                finally
                {
                    _choosing.Release();
                }

                await Task.Delay(_options.PollInterval, _options.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (!isTaken)
            {
                _places.Release();
            }
        }
    }

    /// <summary>Leaves a server alone: for a while, or for good when its trouble will not be over by itself.</summary>
    public void NoteLost(ComfyServer server, ServerLostException trouble)
    {
        lock (_lost)
        {
            _lost[server] = _options.Clock.GetTimestamp();
            if (!trouble.IsWorthWaiting)
            {
                _useless[server] = trouble;
            }
        }
    }

    public void Dispose()
    {
        foreach (var server in All)
        {
            server.Dispose();
        }

        _places.Dispose();
        _choosing.Dispose();
    }

    /// <summary>None answers: says so once, and gives up when it has been so for too long.</summary>
    private void NoteNone(List<ServerLostException> failures)
    {
        var reasons = string.Join(" ", failures.Select(failure => failure.Message).Distinct());
        var wait = All.Any(server => server.HasAnswered) ? _options.ServerWait : _options.FirstWait;
        var isHopeless = failures.TrueForAll(failure => !failure.IsWorthWaiting);
        if (_noneSince is null && !isHopeless && wait > TimeSpan.Zero)
        {
            _options.Notice?.Invoke($"{reasons} Waiting for it, up to {Text(wait)} (--server-wait); Ctrl-C stops and keeps the jobs.");
        }

        _noneSince ??= _options.Clock.GetTimestamp();
        if (isHopeless || _options.Clock.GetElapsedTime(_noneSince.Value) >= wait)
        {
            var advice = isHopeless
                ? "Correct that, then resume."
                : "Start it or correct its address, then resume; --server-wait says how long to wait for it.";
            throw new BackendUnavailableException($"No ComfyUI server can be used. {reasons} {advice}", failures.LastOrDefault());
        }
    }

    private void NoteFound(ComfyServer server)
    {
        if (_noneSince is not null)
        {
            _noneSince = null;
            _options.Notice?.Invoke($"{server.Name} answers: the batch continues.");
        }
    }

    private async Task<(ComfyServer? Server, List<ServerLostException> Failures)> LeastBusyAsync(
        List<ComfyServer> left,
        string? preferred,
        CancellationToken cancellationToken
    )
    {
        var failures = new List<ServerLostException>();
        var holder = left.Where(server => server.Name == preferred).ToList();
        var rested = left.Except(holder).Where(server => !IsResting(server)).ToList();
        foreach (var group in new[] { holder, rested, [.. left.Except(rested).Except(holder)] })
        {
            var lengths = await Task.WhenAll(group.Select(server => LengthAsync(server, cancellationToken))).ConfigureAwait(false);
            foreach (var (server, _, failure) in lengths.Where(length => length.Failure is not null))
            {
                NoteLost(server, failure!);
                failures.Add(failure!);
            }

            // What was just given to a server may not be in its queue yet.
            var answered = lengths.Where(length => length.Failure is null).ToList();
            if (answered.Count > 0)
            {
                return (answered.MinBy(length => Math.Max(length.Jobs, length.Server.InFlight)).Server, failures);
            }
        }

        return (null, failures);
    }

    private async Task<(ComfyServer Server, int Jobs, ServerLostException? Failure)> LengthAsync(
        ComfyServer server,
        CancellationToken cancellationToken
    )
    {
        lock (_lost)
        {
            if (_useless.TryGetValue(server, out var trouble))
            {
                return (server, 0, trouble);
            }
        }

        try
        {
            return (server, await server.QueueLengthAsync(cancellationToken).ConfigureAwait(false), null);
        }
        catch (ServerLostException e)
        {
            return (server, 0, e);
        }
    }

    private static string Text(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{time.TotalHours:0.#} h"
        : time.TotalMinutes >= 1 ? $"{time.TotalMinutes:0.#} min"
        : $"{time.TotalSeconds:0.#} s";

    private bool IsResting(ComfyServer server)
    {
        lock (_lost)
        {
            return _lost.TryGetValue(server, out var since) && _options.Clock.GetElapsedTime(since) < RestAfterLoss;
        }
    }

    private void Leave(ComfyServer server)
    {
        server.Leave();
        _places.Release();
    }

    /// <summary>A job's place at a server, given back when it is disposed.</summary>
    internal sealed class Place(ComfyServer server, ComfyServers servers) : IDisposable
    {
        public ComfyServer Server => server;

        public void Dispose() => servers.Leave(server);
    }
}
