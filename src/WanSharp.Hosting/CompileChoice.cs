using WanSharp.Engine;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime.Networks;
using WanSharp.Storage;

namespace WanSharp.Hosting;

/// <summary>How networks are compiled.</summary>
/// <param name="Compile">How the transformer is split into graphs; null leaves it open.</param>
/// <param name="Tuning">How much is done beforehand.</param>
/// <param name="Dynamic">Whether one graph serves all shapes.</param>
public sealed record CompileChoice(CompileMode? Compile, CompileTuning Tuning, bool Dynamic)
{
    /// <summary>Nothing is asked for: the engine decides.</summary>
    public static CompileChoice Default { get; } = new(Compile: null, CompileTuning.Default, Dynamic: false);

    /// <summary>An engine's options with this choice.</summary>
    /// <param name="options">The engine's other options.</param>
    /// <param name="tunings">Keeps what was measured.</param>
    public EngineOptions For(EngineOptions options, ContentStore tunings)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with { Tuning = Tuning, DynamicShapes = Dynamic, BlocksOnly = Compile == CompileMode.Blocks, Tunings = tunings };
    }
}
