using System.CommandLine;
using WanSharp.Hosting;

namespace WanSharp.Cli.Commands;

/// <summary>How much memory an engine takes: no clip depends on it, and each run may say it anew.</summary>
internal sealed class EngineLimitOptions
{
    private readonly Option<MemoryAmount?> _memory = CommonOptions.Memory();
    private readonly Option<MemoryAmount?> _hostMemory = CommonOptions.HostMemory();
    private readonly Option<int?> _keepCompiled = CommonOptions.KeepCompiled();

    /// <summary>The options, in the order of help.</summary>
    public IReadOnlyList<Option> All => [_memory, _hostMemory, _keepCompiled];

    /// <summary>An engine with these limits.</summary>
    public EngineSettings With(ParseResult parsed, EngineSettings engine) =>
        engine with
        {
            Memory = parsed.GetValue(_memory),
            HostMemory = parsed.GetValue(_hostMemory),
            Options = engine.Options with { KeepCompiled = parsed.GetValue(_keepCompiled) ?? engine.Options.KeepCompiled },
        };
}
