using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>Every lane's denoiser, all compiled alike. A clip keeps those that it began with.</summary>
/// <remarks>Thread-safe except for <see cref="Dispose"/>. Lanes share the weights and the compiled graphs.</remarks>
internal sealed class DenoiserSet : IDisposable
{
    private readonly List<Denoiser> _denoisers = [];
    private readonly List<TransformerRunner> _transformers = [];
    private int _clips;

    private DenoiserSet(TransformerOptions options) => Options = options;

    /// <summary>How the transformer is compiled.</summary>
    public TransformerOptions Options { get; }

    /// <summary>Whether a clip is under way that began with them.</summary>
    public bool IsUsed => Volatile.Read(ref _clips) > 0;

    /// <summary>Bytes of the keys and values of prompts that they hold.</summary>
    public long KeyBytes => _transformers.Sum(transformer => transformer.KeyBytes);

    /// <summary>A lane's own.</summary>
    public Denoiser this[int lane] => _denoisers[lane];

    /// <summary>Compiles what is not compiled, and binds the weights.</summary>
    public static async Task<DenoiserSet> LoadAsync(
        WanModel model,
        ExpertWeights experts,
        GraphCache graphs,
        SessionSettings settings,
        TransformerOptions options,
        int lanes,
        Action<int, int>? prepared,
        CancellationToken cancellationToken
    )
    {
        var set = new DenoiserSet(options);
        try
        {
            for (var lane = 0; lane < lanes; lane++)
            {
                set._denoisers.Add(
                    new Denoiser(
                        new Experts(
                            await LoadTransformerAsync(experts.LowNoise).ConfigureAwait(false),
                            experts.HighNoise is { } highNoise ? await LoadTransformerAsync(highNoise).ConfigureAwait(false) : null
                        )
                    )
                );
            }

            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }

        async Task<TransformerRunner> LoadTransformerAsync(WeightStore weights)
        {
            var runner = await TransformerRunner
                .CreateAsync(
                    graphs,
                    model.Transformer,
                    weights,
                    settings,
                    options: options,
                    prepared: prepared,
                    cancellationToken: cancellationToken
                )
                .ConfigureAwait(false);
            set._transformers.Add(runner);
            return runner;
        }
    }

    /// <summary>Checks that a clip can run on them.</summary>
    /// <exception cref="InvalidRequestException">It cannot.</exception>
    public void RequireFor(GenerationPlan plan)
    {
        RequireReuse(plan);
        if (plan.Settings.Nag is not null && !_transformers.TrueForAll(transformer => transformer.TakesNegatives))
        {
            throw new InvalidRequestException(
                "nag",
                "The transformer is compiled for fixed shapes, by the compile mode or for the provider, and cannot attend to a negative "
                    + "prompt in its blocks: leave --nag out, or choose --dynamic or another provider."
            );
        }
    }

    /// <summary>Checks that a clip's step cache can leave out blocks.</summary>
    private void RequireReuse(GenerationPlan plan)
    {
        if (plan.StepCache is { RunsInBlocks: true } cache && !_transformers.TrueForAll(transformer => transformer.TakesReuse))
        {
            throw new InvalidRequestException(
                "step-cache",
                $"'{cache.Setting.Policy}' leaves out blocks in the middle of a pass, which the transformer, as it is compiled for the "
                    + "provider or for fixed shapes, cannot: choose easy, spectrum or auto."
            );
        }
    }

    /// <summary>Counts on them until the result is disposed.</summary>
    /// <param name="wanted">How the clip wants the transformer compiled, though it begins with these.</param>
    public Lease Begin(CompileMode wanted)
    {
        Interlocked.Increment(ref _clips);
        return new Lease(this, wanted);
    }

    public void Dispose()
    {
        _denoisers.ForEach(denoiser => denoiser.Dispose());
        _transformers.ForEach(transformer => transformer.Dispose());
    }

    /// <summary>A clip's use of the denoisers.</summary>
    /// <param name="set">The denoisers.</param>
    /// <param name="wanted">How the clip wants the transformer compiled.</param>
    public sealed class Lease(DenoiserSet set, CompileMode wanted) : IDisposable
    {
        private int _ended;

        public DenoiserSet Set => set;

        /// <summary>How the transformer is compiled.</summary>
        public CompileMode Mode => set.Options.Mode;

        /// <summary>Whether it is compiled as the clip wants it.</summary>
        public bool IsAsWanted => Mode == wanted;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                Interlocked.Decrement(ref set._clips);
            }
        }
    }
}
