namespace WanSharp.Jobs.Comfy;

/// <summary>The servers of a backend, and which gets the next job.</summary>
internal sealed class ComfyServers : IDisposable
{
    /// <summary>A server that was lost is left alone for so long, as long as there are others.</summary>
    private static readonly TimeSpan RestAfterLoss = TimeSpan.FromSeconds(15);

    private readonly ComfyBackendOptions _options;
    private readonly SemaphoreSlim _places;
    private readonly SemaphoreSlim _choosing = new(1, 1);
    private readonly Dictionary<ComfyServer, long> _lost = [];

    public ComfyServers(IEnumerable<Uri> addresses, ComfyBackendOptions options)
    {
        _options = options;
        All = [.. addresses.Select(address => new Uri(address.ToString().TrimEnd('/') + "/")).Distinct().Select(address => new ComfyServer(address, options))];
        _places = new SemaphoreSlim(Concurrency, Concurrency);
    }

    public IReadOnlyList<ComfyServer> All { get; }

    /// <summary>Jobs at all servers at once.</summary>
    public int Concurrency => All.Count * _options.JobsPerServer;

    /// <summary>Waits for a place at a server: the one that is preferred, or else the one with the fewest jobs.</summary>
    /// <param name="preferred">The name of the server that has the job already, or null.</param>
    /// <param name="tried">Servers that could not make this job.</param>
    /// <param name="failures">Told why others cannot be used.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The place, to be disposed; null when no server is left.</returns>
    public async Task<Place?> ChooseAsync(string? preferred, HashSet<ComfyServer> tried, List<Exception> failures, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        var isTaken = false;
        try
        {
            await _choosing.WaitAsync(cancellationToken).ConfigureAwait(false); // so that two jobs see each other
            try
            {
                var server = All.FirstOrDefault(server => server.Name == preferred && !tried.Contains(server))
                    ?? await LeastBusyAsync(tried, failures, cancellationToken).ConfigureAwait(false);
                if (server is null)
                {
                    return null;
                }

                server.Enter();
                isTaken = true;
                return new Place(server, this);
            }
            finally
            {
                _choosing.Release();
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

    public void NoteLost(ComfyServer server)
    {
        lock (_lost)
        {
            _lost[server] = _options.Clock.GetTimestamp();
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

    private async Task<ComfyServer?> LeastBusyAsync(HashSet<ComfyServer> tried, List<Exception> failures, CancellationToken cancellationToken)
    {
        var left = All.Where(server => !tried.Contains(server)).ToList();
        var rested = left.Where(server => !IsResting(server)).ToList();
        foreach (var group in new[] { rested, [.. left.Except(rested)] })
        {
            var lengths = await Task.WhenAll(group.Select(server => LengthAsync(server, cancellationToken))).ConfigureAwait(false);
            foreach (var (server, _, failure) in lengths.Where(length => length.Failure is not null))
            {
                NoteLost(server);
                tried.Add(server);
                failures.Add(failure!);
            }

            // What was just given to a server may not be in its queue yet.
            var answered = lengths.Where(length => length.Failure is null).ToList();
            if (answered.Count > 0)
            {
                return answered.MinBy(length => Math.Max(length.Jobs, length.Server.InFlight)).Server;
            }
        }

        return null;
    }

    private static async Task<(ComfyServer Server, int Jobs, Exception? Failure)> LengthAsync(ComfyServer server, CancellationToken cancellationToken)
    {
        try
        {
            return (server, await server.QueueLengthAsync(cancellationToken).ConfigureAwait(false), null);
        }
        catch (ServerLostException e)
        {
            return (server, 0, e);
        }
    }

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
