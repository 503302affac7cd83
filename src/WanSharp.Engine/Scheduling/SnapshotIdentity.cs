using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Scheduling;

/// <summary>What a clip's bits depend on. A clip never changes it half-way: another library, thread count or provider rounds otherwise.</summary>
internal sealed class SnapshotIdentity(OrtRuntime runtime, SessionSettings settings, TransformerOptions? transformer)
{
    private readonly TransformerOptions _transformer = (transformer ?? new TransformerOptions()) with { CacheFolder = null, WeightsFolder = null };

    /// <summary>What executes any network: library, threads, provider.</summary>
    public string Executable { get; } = string.Join(
        '\n',
        $"onnxruntime {runtime.Version}",
        $"threads {runtime.Threads} of {Environment.ProcessorCount}",
        $"provider {settings.Provider} {Sorted(settings.ProviderOptions)} {Sorted(settings.ConfigEntries)} {settings.Optimization}");

    /// <summary>All of it as text. The settings name the model's digest and those of the images.</summary>
    public string Of(GenerationPlan plan) =>
        $"{Executable}\n{_transformer}\n{plan.Strategy?.Compile} {plan.Strategy?.TokensAtOnce}\n{plan.VaeTiles}\n{(plan.Settings with { ModelFiles = null }).ToJson()}";

    /// <summary>The identity of a clip whose transformer is compiled otherwise than its plan wants.</summary>
    public static string Of(GenerationPlan plan, CompileMode mode) => $"{plan.Identity}\n{mode}";

    /// <summary>How the transformer was compiled that a clip was begun with; null for a clip that begins now, or for another clip's snapshot.</summary>
    /// <param name="snapshot">Where the clip stands.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="wanted">How the plan wants it.</param>
    public static CompileMode? ModeOf(DenoiseSnapshot? snapshot, GenerationPlan plan, CompileMode wanted) =>
        snapshot?.Identity == plan.Identity ? wanted
        : snapshot?.Identity == Of(plan, CompileMode.Blocks) ? CompileMode.Blocks
        : null;

    /// <summary>Continues a clip from a snapshot.</summary>
    /// <exception cref="SnapshotMismatchException">It is another clip's, or something else executes now.</exception>
    public static void Restore(DenoiseSnapshot snapshot, GenerationPlan plan, DenoiseState state)
    {
        if (snapshot.Identity != plan.Identity)
        {
            throw new SnapshotMismatchException("The snapshot was made of another clip, or by another model, provider, runtime or number of threads: start the clip over.");
        }

        try
        {
            state.Restore(snapshot.Latents, snapshot.Sampler);
        }
        catch (ArgumentException e)
        {
            throw new SnapshotMismatchException("The snapshot's latents do not fit the clip: start the clip over.", e);
        }
    }

    private static string Sorted(IReadOnlyDictionary<string, string> entries) =>
        string.Join(';', entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={entry.Value}"));
}
