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
        "What of the transformer is one compiled graph: a block, which starts at once, or the whole network with its weights "
            + "packed, for long clips on the CPU; off: blocks as they are written, nothing optimized. auto: blocks, or the whole "
            + "network where a memory budget has room for it and it is packed on disk already, or what --compile-mode finds.",
        ("auto", null),
        ("blocks", CompileMode.Blocks),
        ("whole", CompileMode.Whole),
        ("off", CompileMode.Off)
    );

    private readonly Option<CompileTuning> _mode = ChoiceOption.Create(
        "--compile-mode",
        "How much is done beforehand. reduce-overhead: graphs of fixed shapes, their memory planned. max-autotune: time the ways "
            + "that fit once on this machine, and keep the fastest.",
        ("default", CompileTuning.Default),
        ("reduce-overhead", CompileTuning.ReduceOverhead),
        ("max-autotune", CompileTuning.MaxAutotune)
    );

    private readonly Option<bool> _dynamic = new("--dynamic")
    {
        Description =
            "One compiled graph for all shapes, also where graphs of fixed shapes are faster or the provider's habit; on the CPU "
            + "that is so in any case except reduce-overhead and max-autotune.",
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
