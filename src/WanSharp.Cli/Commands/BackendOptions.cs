using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Hosting.Batches;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>What makes the clips of a batch.</summary>
internal sealed class BackendOptions
{
    private readonly ModelOptions _model = new();
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<IReadOnlyDictionary<string, string>> _providerOptions = CommonOptions.ProviderOptions();
    private readonly Option<Quantization> _precision = CommonOptions.PrecisionOption();
    private readonly CompileOptions _compile = new();
    private readonly Option<LoraMode> _loraMode = CommonOptions.LoraModeOption();
    private readonly Option<int?> _threads = CommonOptions.Threads();

    private readonly Option<ReuseMode> _reuse = ChoiceOption.Create(
        "--reuse",
        "similar: a clip whose prompt is close to an earlier one's, all else equal, starts from that clip's first steps: faster, "
            + "but not exactly the same clip.",
        ("off", ReuseMode.Off),
        ("similar", ReuseMode.Similar)
    );

    private readonly Option<string> _backend = new("--backend")
    {
        Description = "What makes the clips: this program or ComfyUI servers.",
        HelpName = "local|comfy:URL,…",
        DefaultValueFactory = _ => BackendNames.Local,
    };

    private readonly Option<string?> _workflow = new("--workflow")
    {
        Description = "The workflow that ComfyUI runs, exported with Export (API).",
        HelpName = "FILE",
    };
    private readonly Option<string?> _mapping = new("--mapping")
    {
        Description = "Which input of the workflow takes which setting; overrides the automatic guess.",
        HelpName = "FILE",
    };

    private readonly ComfyAccessOptions _access = new();

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="withServers">Whether other programs may make the clips.</param>
    public void AddTo(Command command, bool withServers = true)
    {
        Option[] options = [_provider, _providerOptions, _precision, _threads, .. withServers ? OfServers : []];
        _model.AddTo(command);
        if (withServers)
        {
            _access.AddTo(command);
        }

        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        _compile.AddTo(command);
        command.Options.Add(_loraMode);
    }

    private Option[] OfServers => [_reuse, _backend, _workflow, _mapping];

    /// <summary>What the options ask for.</summary>
    /// <exception cref="InvalidRequestException">Options contradict each other.</exception>
    public BackendSettings Read(ParseResult parsed, CliEnvironment environment)
    {
        var (model, parts) = _model.Read(parsed);
        var backend = parsed.GetValue(_backend) ?? BackendNames.Local; // null where the command has no such option
        var isOurs = backend == BackendNames.Local;
        return isOurs || (parsed.GetValue(_reuse) == ReuseMode.Off && parts.IsEmpty)
            ? new BackendSettings
            {
                Model = model,
                Parts = parts,
                Provider = parsed.GetValue(_provider)!,
                ProviderOptions = parsed.GetValue(_providerOptions)!,
                Precision = parsed.GetValue(_precision),
                Compile = _compile.Read(parsed),
                LoraMode = parsed.GetValue(_loraMode),
                Threads = parsed.GetValue(_threads),
                Reuse = parsed.GetValue(_reuse),
                Comfy = ComfySettings.Read(
                    backend,
                    parsed.GetValue(_workflow),
                    parsed.GetValue(_mapping),
                    _access.Read(parsed, environment)
                ),
            }
            : throw (
                parts.IsEmpty
                    ? new InvalidRequestException(
                        "reuse",
                        "--reuse works with this program's own engine: leave it out, or leave out --backend."
                    )
                    : new InvalidRequestException(
                        "backend",
                        $"{parts.Options().First().Option} works with this program's own engine; ComfyUI takes what its workflow names: "
                            + "leave it out, or leave out --backend."
                    )
            );
    }

    /// <summary>
    /// The settings of a batch that is resumed: its own, with what signs in at its servers, which is not kept, and other servers if
    /// some are named.
    /// </summary>
    /// <exception cref="InvalidRequestException">Options contradict how the batch was begun.</exception>
    public BackendSettings Resume(ParseResult parsed, CliEnvironment environment, BackendSettings kept)
    {
        var backend = parsed.GetResult(_backend) is { Implicit: false } ? parsed.GetValue(_backend) : null;
        return kept.Comfy is { } comfy ? kept with { Comfy = comfy.Resume(backend, _access.Read(parsed, environment)) }
            : backend is null or BackendNames.Local ? kept
            : throw new InvalidRequestException(
                "backend",
                "This batch was started with this program's engine and must be resumed with it: leave out --backend."
            );
    }
}
