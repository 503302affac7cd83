using System.CommandLine;
using WanSharp.Cli.Batches;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>What makes the clips of a batch.</summary>
internal sealed class BackendOptions
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<IReadOnlyDictionary<string, string>> _providerOptions = CommonOptions.ProviderOptions();
    private readonly Option<Quantization> _precision = CommonOptions.PrecisionOption();
    private readonly CompileOptions _compile = new();
    private readonly Option<int?> _threads = CommonOptions.Threads();

    private readonly Option<ReuseMode> _reuse = ChoiceOption.Create(
        "--reuse", "similar: a clip whose prompt is nearly that of an earlier one, all else equal, begins with that one's first steps; faster, and not quite the clip that it would be.",
        ("off", ReuseMode.Off), ("similar", ReuseMode.Similar));

    private readonly Option<string> _backend = new("--backend")
    {
        Description = "Who makes the clips: this program, or ComfyUI servers.",
        HelpName = "local|comfy:URL,…",
        DefaultValueFactory = _ => BackendNames.Local,
    };

    private readonly Option<string?> _workflow = new("--workflow") { Description = "What ComfyUI runs: a workflow exported with Export (API).", HelpName = "FILE" };
    private readonly Option<string?> _mapping = new("--mapping") { Description = "Which inputs of the workflow take what, where the guess is wrong.", HelpName = "FILE" };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] options = [_model, _provider, _providerOptions, _precision, _threads, _reuse, _backend, _workflow, _mapping];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        _compile.AddTo(command);
    }

    /// <exception cref="InvalidRequestException">Options contradict each other.</exception>
    public BackendSettings Read(ParseResult parsed) => parsed.GetValue(_reuse) != ReuseMode.Off && parsed.GetValue(_backend) != BackendNames.Local
        ? throw new InvalidRequestException("reuse", "--reuse goes with the engine of this program: leave it out, or leave out --backend.")
        : new()
    {
        Model = parsed.GetValue(_model)!,
        Provider = parsed.GetValue(_provider)!,
        ProviderOptions = parsed.GetValue(_providerOptions)!,
        Precision = parsed.GetValue(_precision),
        Compile = _compile.Read(parsed),
        Threads = parsed.GetValue(_threads),
        Reuse = parsed.GetValue(_reuse),
        Comfy = ComfySettings.Read(parsed.GetValue(_backend)!, parsed.GetValue(_workflow), parsed.GetValue(_mapping)),
    };
}
