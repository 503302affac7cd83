using WanSharp.Engine;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime.Networks;
using WanSharp.Storage;

namespace WanSharp.Cli.Commands;

/// <summary>How networks are compiled.</summary>
/// <param name="Compile">What is one graph; null leaves it open.</param>
/// <param name="Tuning">How much is done beforehand.</param>
/// <param name="Dynamic">Whether one graph serves all shapes.</param>
internal sealed record CompileChoice(CompileMode? Compile, CompileTuning Tuning, bool Dynamic)
{
    /// <summary>What it means for an engine.</summary>
    /// <param name="options">The engine's other options.</param>
    /// <param name="tunings">Keeps what was measured.</param>
    public EngineOptions For(EngineOptions options, ContentStore tunings) => options with { Tuning = Tuning, DynamicShapes = Dynamic, BlocksOnly = Compile == CompileMode.Blocks, Tunings = tunings };
}
