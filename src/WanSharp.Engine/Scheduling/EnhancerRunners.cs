using WanSharp.Models.Enhancers;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// What makes more of finished frames: compiled when a clip first needs it, and freed where memory is short and no clip has it.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <typeparam name="T">What runs a file's network.</typeparam>
/// <param name="create">Makes the runner of a file.</param>
internal sealed class EnhancerRunners<T>(Func<EnhancerFile, T> create) : IDisposable
    where T : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<EnhancerFile, (T Runner, int Users)> _runners = [];

    /// <summary>A network, kept until the result is disposed.</summary>
    public Lease Begin(EnhancerFile file)
    {
        lock (_gate)
        {
            var (runner, users) = _runners.TryGetValue(file, out var known) ? known : (create(file), 0);
            _runners[file] = (runner, users + 1);
            return new Lease(this, file, runner);
        }
    }

    /// <summary>Frees what no clip has.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            foreach (var (file, (runner, _)) in _runners.Where(pair => pair.Value.Users == 0).ToList())
            {
                _runners.Remove(file);
                runner.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var (runner, _) in _runners.Values)
            {
                runner.Dispose();
            }

            _runners.Clear();
        }
    }

    private void End(EnhancerFile file)
    {
        lock (_gate)
        {
            if (_runners.TryGetValue(file, out var known))
            {
                _runners[file] = known with { Users = known.Users - 1 };
            }
        }
    }

    /// <summary>A network in use.</summary>
    /// <param name="runners">Where it is from.</param>
    /// <param name="file">The file.</param>
    /// <param name="runner">The network.</param>
    public sealed class Lease(EnhancerRunners<T> runners, EnhancerFile file, T runner) : IDisposable
    {
        private bool _ended;

        public T Runner => runner;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _ended, true))
            {
                runners.End(file);
            }
        }
    }
}
