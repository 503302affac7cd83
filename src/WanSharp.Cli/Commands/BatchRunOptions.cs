using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Comfy;
using WanSharp.Jobs.Running;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>How <c>wan batch</c> makes its clips, whatever they show.</summary>
internal sealed class BatchRunOptions
{
    private const int MostLanes = 64;

    private readonly Option<string> _format = ChoiceOption.Create(
        "--format",
        "Format of the clips; mkv is lossless, mov only with ComfyUI.",
        [.. ComfyBackend.AllFormats.Select(format => (format[1..], format))]
    );
    private readonly Option<string?> _stylesFile = StyleOptions.CatalogFile();
    private readonly Option<BatchSize?> _batchSize = new("--batch-size")
    {
        Description = "The most clips that share a denoise step; auto: as many as make it faster.",
        HelpName = "auto|N",
        CustomParser = BatchSize.Parse,
    };
    private readonly Option<int?> _lanes = BatchOptions.Count(
        "--lanes",
        "Lanes that compute at the same time, sharing one set of weights. Default: 1.",
        MostLanes
    );
    private readonly Option<int?> _workers = BatchOptions.Count("--workers", "What --lanes was called, for scripts.", MostLanes);
    private readonly EngineLimitOptions _limits = new();
    private readonly Option<int?> _attempts = BatchOptions.Count(
        "--attempts",
        "Attempts per job before it counts as failed. Default: 3.",
        100
    );
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Ignore cached results and make every clip again." };
    private readonly Option<bool> _overwrite = new("--overwrite")
    {
        Description = "Overwrite existing files, and clips that were made with other settings.",
    };
    private readonly Option<bool> _allowModelChange = new("--allow-model-change")
    {
        Description = "Resume a batch even if its model's files have changed.",
    };

    /// <summary>The options whose values a batch that is resumed has kept.</summary>
    public IReadOnlyList<Option> Kept => [_format, _stylesFile];

    /// <summary>Adds the options, in the order of help.</summary>
    /// <param name="command">The command.</param>
    /// <param name="ownsFiles">Whether the clips' files are named by the program, so that none is ever in the place of another.</param>
    /// <param name="ownsFormat">Whether the program chooses the clips' format.</param>
    public void AddTo(Command command, bool ownsFiles = false, bool ownsFormat = false)
    {
        _workers.Hidden = true;
        Option[] options =
        [
            _format,
            _stylesFile,
            _batchSize,
            _lanes,
            _workers,
            .. _limits.All,
            _attempts,
            _noCache,
            _overwrite,
            _allowModelChange,
        ];
        foreach (var option in options.Where(option => (!ownsFiles || option != _overwrite) && (!ownsFormat || option != _format)))
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The user's file of styles, or null.</summary>
    public string? StylesFile(ParseResult parsed) => parsed.GetValue(_stylesFile);

    /// <summary>Whether files that are in the clips' places are replaced.</summary>
    public bool Overwrites(ParseResult parsed) => parsed.GetValue(_overwrite);

    /// <summary>Whether a batch is resumed even if its model's files have changed.</summary>
    public bool AllowsModelChange(ParseResult parsed) => parsed.GetValue(_allowModelChange);

    /// <summary>Attempts for each job.</summary>
    public int Attempts(ParseResult parsed) => parsed.GetValue(_attempts) ?? new JobRunnerOptions().Attempts;

    /// <summary>The format that is asked for.</summary>
    public string Format(ParseResult parsed) => parsed.GetValue(_format)!;

    /// <summary>The format of clips that name no output.</summary>
    /// <exception cref="InvalidRequestException">The backend does not write the one that is asked for.</exception>
    public string Format(ParseResult parsed, BatchBackend backend)
    {
        var (asked, isAsked) = (parsed.GetValue(_format)!, parsed.GetResult(_format) is { Implicit: false });
        if (!isAsked)
        {
            return backend.Format ?? asked;
        }

        var formats = backend.Jobs.Formats;
        return formats.Contains(asked)
            ? asked
            : throw new InvalidRequestException(
                "format",
                $"--format {asked[1..]} is not written by this backend: {string.Join(", ", formats.Select(format => format[1..]))}. "
                    + "Choose one, or leave it out."
            );
    }

    private int? LanesOf(ParseResult parsed) =>
        (parsed.GetValue(_lanes), parsed.GetValue(_workers)) switch
        {
            ({ } lanes, { } workers) when lanes != workers => throw new InvalidRequestException(
                "lanes",
                $"{_lanes.Name} {lanes} and {_workers.Name} {workers} are one option by two names: give one of them."
            ),
            var (lanes, workers) => lanes ?? workers,
        };

    /// <summary>What this run says itself goes before what the batch was started with.</summary>
    public BackendSettings With(ParseResult parsed, BackendSettings settings, TimeProvider clock)
    {
        var engine = _limits.With(parsed, settings.Engine);
        return settings with
        {
            Engine = engine with
            {
                Options = engine.Options with
                {
                    BatchSize = parsed.GetValue(_batchSize) is { } size ? size.Most : engine.Options.BatchSize,
                    Lanes = LanesOf(parsed) ?? engine.Options.Lanes,
                    Clock = clock,
                },
            },
            MakesAll = parsed.GetValue(_noCache) || settings.MakesAll,
        };
    }
}
