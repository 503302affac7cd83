using System.CommandLine;
using WanSharp.Engine.Strategies;
using WanSharp.Hosting;
using WanSharp.Runtime.Networks;

namespace WanSharp.Cli.Commands;

/// <summary>How networks are compiled: what is one graph, and how much is done beforehand.</summary>
internal sealed class CompileOptions
{
    private readonly Option<ValueTuple<CompileMode?>> _compile = ChoiceOption.CreateNullable<CompileMode?>(
        "--compile",
        "How the transformer is split into compiled graphs: block by block, which starts at once, or whole with its weights "
            + "packed, for long clips on the CPU; off: blocks without optimization. auto: blocks, or the whole "
            + "network where a memory budget has room for it and it is packed on disk already, or what --compile-mode finds.",
        ("auto", null),
        ("blocks", CompileMode.Blocks),
        ("whole", CompileMode.Whole),
        ("off", CompileMode.Off)
    );

    private readonly Option<CompileTuning> _mode = ChoiceOption.Create(
        "--compile-mode",
        "How much to optimize in advance. reduce-overhead: graphs of fixed shapes with planned memory. max-autotune: time each "
            + "strategy that fits once on this machine, and keep the fastest.",
        ("default", CompileTuning.Default),
        ("reduce-overhead", CompileTuning.ReduceOverhead),
        ("max-autotune", CompileTuning.MaxAutotune)
    );

    private readonly Option<bool> _dynamic = new("--dynamic")
    {
        Description =
            "Use one graph for all shapes, even where fixed shapes would be faster. Already the default on the CPU, except with "
            + "reduce-overhead and max-autotune.",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] options = [_compile, _mode, _dynamic];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    public CompileChoice Read(ParseResult parsed) =>
        new(parsed.GetValue(_compile).Item1, parsed.GetValue(_mode), parsed.GetValue(_dynamic));
}
