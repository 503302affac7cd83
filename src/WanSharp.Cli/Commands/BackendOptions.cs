using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Batches;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>What makes the clips of a batch.</summary>
internal sealed class BackendOptions
{
    private readonly EngineSettingOptions _engine = new(EngineParts.Limits); // each run has its own: BatchRunOptions

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
    private IReadOnlyList<Option> _ofEngine = [];

    /// <summary>The options, of those that were added to a command, whose values a batch that is resumed has kept.</summary>
    public IReadOnlyList<Option> Kept { get; private set; } = [];

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="withServers">Whether other programs may make the clips.</param>
    public void AddTo(Command command, bool withServers = true)
    {
        var before = command.Options.Count;
        _engine.AddTo(command);
        Kept = _ofEngine = [.. command.Options.Skip(before)];
        if (!withServers)
        {
            return;
        }

        Kept = [.. Kept, _reuse, _workflow, _mapping];
        Option[] ofServers = [_reuse, _backend, _workflow, _mapping];
        foreach (var option in ofServers)
        {
            command.Options.Add(option);
        }

        _access.AddTo(command);
    }

    /// <summary>What the options ask for.</summary>
    /// <exception cref="InvalidRequestException">Options contradict each other.</exception>
    public BackendSettings Read(ParseResult parsed, CliEnvironment environment)
    {
        var engine = _engine.Read(parsed);
        var reuse = parsed.GetValue(_reuse);
        var backend = parsed.GetValue(_backend) ?? BackendNames.Local; // null where the command has no such option
        var isOurs = backend == BackendNames.Local;
        var own = isOurs ? null : _ofEngine.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
        return isOurs || (reuse == ReuseMode.Off && own is null)
            ? new BackendSettings
            {
                Engine = engine,
                Reuse = reuse,
                Comfy = ComfySettings.Read(
                    backend,
                    parsed.GetValue(_workflow),
                    parsed.GetValue(_mapping),
                    _access.Read(parsed, environment)
                ),
            }
            : throw (
                own is null
                    ? new InvalidRequestException(
                        "reuse",
                        "--reuse works with this program's own engine: leave it out, or leave out --backend."
                    )
                    : new InvalidRequestException(
                        "backend",
                        $"{own.Name} works with this program's own engine; ComfyUI takes what its workflow names: "
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
