using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// Lets clips begin that run the way the ones under way do; another way waits until those are done. So how the model runs
/// within its memory may change between clips, never in the middle of one.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="costs">What clips need.</param>
/// <param name="networks">What is told the strategy.</param>
/// <param name="memory">The memory that may be used; null for whatever the system gives.</param>
/// <param name="compile">What is one graph.</param>
/// <param name="isOnHost">Whether the processor computes.</param>
internal sealed class StrategyGate(CostModel costs, EngineNetworks networks, long? memory, CompileMode compile, bool isOnHost)
{
    private readonly Lock _gate = new();
    private Strategy? _current;
    private int _clips;
    private TaskCompletionSource _empty = NewSource();

    /// <summary>How a clip runs within the memory; null where nothing was said about memory.</summary>
    /// <exception cref="Requests.InvalidRequestException">It does not fit in any way.</exception>
    public Strategy? Choose(GenerationPlan plan) => memory is { } budget ? StrategyChooser.Choose(costs.Facts(plan, isOnHost), budget, compile) : null;

    /// <summary>Waits until a clip may begin, and has the networks run its way.</summary>
    /// <returns>The clip's place, to be disposed when it is done.</returns>
    public async Task<IDisposable?> EnterAsync(ClipRun clip)
    {
        if (clip.Plan.Strategy is not { } wanted)
        {
            return null;
        }

        while (true)
        {
            Task empty;
            lock (_gate)
            {
                if (_clips == 0 || IsSame(wanted, _current!))
                {
                    _clips++;
                    if (_clips == 1)
                    {
                        _current = wanted;
                    }

                    break;
                }

                empty = _empty.Task;
            }

            await empty.WaitAsync(clip.Cancelled).ConfigureAwait(false);
        }

        try
        {
            await networks.UseAsync(wanted, clip.Cancelled).ConfigureAwait(false);
            return new Place(this);
        }
        catch
        {
            Leave();
            throw;
        }
    }

    private static bool IsSame(Strategy one, Strategy other) =>
        (one.Compile, one.ResidentBlocks, one.TokensAtOnce, one.KeepsTextEncoder) == (other.Compile, other.ResidentBlocks, other.TokensAtOnce, other.KeepsTextEncoder);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Leave()
    {
        lock (_gate)
        {
            if (--_clips == 0)
            {
                _empty.SetResult();
                _empty = NewSource();
            }
        }
    }

    private sealed class Place(StrategyGate gate) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                gate.Leave();
            }
        }
    }
}
