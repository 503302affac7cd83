using System.CommandLine;
using WanSharp.Cli.Batches;
using WanSharp.Cli.Films;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Storage;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan film</c>: a film of several sections, durably.</summary>
internal sealed class FilmCommand(CliEnvironment environment)
{
    private readonly Argument<string> _film = new("film")
    {
        Description = "The film: a .json file with its sections, or the folder of a film to go on with.",
    };
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "What to write: .mp4, .webm, .gif, .webp, .mkv (lossless). Default: film.mp4; of a folder, what it wrote before.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _folder = new("--folder")
    {
        Description = "Where the sections are kept. Default: the output's name without its ending.",
        HelpName = "FOLDER",
    };
    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Show what would be made, what of it at the same time, and how long it takes; then stop.",
    };
    private readonly SettingOptions _settings = new(withSeed: true);
    private readonly BatchRunOptions _run = new();
    private readonly BackendOptions _backend = new();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new FilmCommand(environment);
        var command = new Command("film", "Make a film of several sections, which continue each other or are new shots.");
        command.Arguments.Add(self._film);
        command.Options.Add(self._output);
        command.Options.Add(self._folder);
        command.Options.Add(self._dryRun);
        self._settings.AddTo(command);
        self._run.AddTo(command, ownsFiles: true, ownsFormat: true);
        self._backend.AddTo(command, withServers: false);
        command.Options.Add(self._json);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan film film.json -o film.mp4",
            "wan film film.json --dry-run",
            "wan film film.json -o film.webm --seconds 20 --lanes 2",
            "wan film film/"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var source = parsed.GetValue(_film)!;
        try
        {
            return await new FilmWork(environment).RunAsync(
                Directory.Exists(source) ? Resume(parsed, source) : Start(parsed, source),
                cancellationToken
            );
        }
        catch (BatchFileException exception)
        {
            BatchText.WriteProblems(environment.Error, exception, "section");
            return ExitCode.WrongUsage;
        }
    }

    private FilmOrder Start(ParseResult parsed, string source)
    {
        var output = parsed.GetValue(_output) ?? "film.mp4";
        var target = ClipPlace.Parse(output);
        var defaults = _settings.Read(parsed, new JobRequest { Prompt = "" });
        if (defaults.Frames is not null)
        {
            throw new InvalidRequestException("frames", "A film's length is given in --seconds; frames are a section's own.");
        }

        var film = FilmFile.Read(source, defaults);
        return Order(
            parsed,
            source,
            film,
            parsed.GetValue(_folder) ?? Path.Combine(target.Folder, Path.GetFileNameWithoutExtension(target.Name)),
            output,
            _backend.Read(parsed, environment)
        );
    }

    /// <summary>A film that was begun: with what it was begun with.</summary>
    private FilmOrder Resume(ParseResult parsed, string folder)
    {
        if (parsed.GetValue(_folder) is not null)
        {
            throw new InvalidRequestException("folder", "The film is named by its folder already: leave out --folder.");
        }

        if (_settings.Read(parsed, new ClipSettings()) != new ClipSettings())
        {
            throw new InvalidRequestException(
                "settings",
                $"The film in {folder} has its settings already: leave them out, or change {Path.Join(folder, FilmFolder.FileName)}."
            );
        }

        var (film, output) = FilmFolder.Load(folder);
        var written =
            parsed.GetValue(_output)
            ?? output
            ?? throw new InvalidRequestException(
                "output",
                $"Where the film of {folder} is written is not known any more: give it with -o."
            );
        return Order(parsed, folder, film, folder, written, BackendSettings.Load(JobFolder.Open(folder)));
    }

    private FilmOrder Order(ParseResult parsed, string source, Film film, string folder, string output, BackendSettings settings)
    {
        settings = _run.With(parsed, settings);
        return new FilmOrder
        {
            Source = source,
            Film = film,
            Folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)),
            Target = ClipPlace.Parse(output),
            Settings = settings,
            Engine = _run.EngineOf(parsed, settings, environment.Clock),
            StylesFile = _run.StylesFile(parsed),
            Attempts = _run.Attempts(parsed),
            AllowsModelChange = _run.AllowsModelChange(parsed),
            IsDry = parsed.GetValue(_dryRun),
            Json = parsed.GetValue(_json),
        };
    }
}
