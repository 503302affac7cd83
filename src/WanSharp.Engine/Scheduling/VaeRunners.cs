using WanSharp.Models;
using WanSharp.Models.Decoders;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// What encodes and decodes frames: the model's own VAE, and the files that clips name instead. Those are compiled when a clip first
/// needs them, and freed where memory is short and no clip has them.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="model">The model.</param>
/// <param name="create">Makes a runner of a network.</param>
internal sealed class VaeRunners(WanModel model, Func<Graphs.Networks.VaeConfig, WeightStore, VaeRunner> create) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DecoderFile, (VaeRunner Runner, int Users)> _standins = [];

    /// <summary>The model's own VAE.</summary>
    public VaeRunner Own { get; } = create(model.Vae, model.VaeWeights);

    /// <summary>A network, kept until the result is disposed.</summary>
    /// <param name="standin">The file that stands in for the model's own VAE; null for that.</param>
    public Lease Begin(DecoderFile? standin)
    {
        if (standin is null)
        {
            return new Lease(this, null, Own);
        }

        lock (_gate)
        {
            var (runner, users) = _standins.TryGetValue(standin, out var known) ? known : (create(standin.Config, standin.Weights), 0);
            _standins[standin] = (runner, users + 1);
            return new Lease(this, standin, runner);
        }
    }

    /// <summary>Frees what is compiled of the encoders; it is compiled again when it is needed. Nothing may be encoded meanwhile.</summary>
    public async Task ReleaseEncodersAsync(CancellationToken cancellationToken)
    {
        List<VaeRunner> runners;
        lock (_gate)
        {
            runners = [Own, .. _standins.Values.Select(known => known.Runner)];
        }

        foreach (var runner in runners)
        {
            await runner.ReleaseEncoderAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Frees what no clip has.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            foreach (var (file, (runner, _)) in _standins.Where(pair => pair.Value.Users == 0).ToList())
            {
                _standins.Remove(file);
                runner.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            Own.Dispose();
            foreach (var (runner, _) in _standins.Values)
            {
                runner.Dispose();
            }

            _standins.Clear();
        }
    }

    private void End(DecoderFile standin)
    {
        lock (_gate)
        {
            if (_standins.TryGetValue(standin, out var known))
            {
                _standins[standin] = known with { Users = known.Users - 1 };
            }
        }
    }

    /// <summary>A network in use.</summary>
    /// <param name="runners">Where it is from.</param>
    /// <param name="standin">The file; null for the model's own VAE.</param>
    /// <param name="runner">The network.</param>
    public sealed class Lease(VaeRunners runners, DecoderFile? standin, VaeRunner runner) : IDisposable
    {
        private bool _ended;

        public VaeRunner Runner => runner;

        public void Dispose()
        {
            if (standin is not null && !Interlocked.Exchange(ref _ended, true))
            {
                runners.End(standin);
            }
        }
    }
}
