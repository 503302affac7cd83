using System.CommandLine;
using WanSharp.Cli.Films;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Storage;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>How a film is made, whatever it shows.</summary>
internal sealed class FilmOptions
{
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description =
            "What to write: .mp4, .webm, .gif, .webp, .mkv (lossless), or a folder/ for one PNG per frame. Default: film.mp4; of a film's "
            + "folder, what it wrote before.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _folder = new("--folder")
    {
        Description = "Where the sections are kept. Default: the output's name without its ending.",
        HelpName = "FOLDER",
    };
    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Show what would be made, what in parallel, and how long it takes; then stop.",
    };
    private readonly BatchRunOptions _run = new();
    private readonly BackendOptions _backend = new();
    private readonly Option<bool> _json = CommonOptions.Json();
    private IReadOnlyList<Option> _backendOptions = [];

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="isBegun">Whether the film is in its folder already, with what makes it.</param>
    public void AddTo(Command command, bool isBegun = false)
    {
        command.Options.Add(_output);
        if (!isBegun)
        {
            command.Options.Add(_folder);
        }

        command.Options.Add(_dryRun);
        _run.AddTo(command, ownsFiles: true, ownsFormat: true);
        if (!isBegun)
        {
            var before = command.Options.Count;
            _backend.AddTo(command, withServers: false);
            _backendOptions = [.. command.Options.Skip(before)];
        }

        command.Options.Add(_json);
    }

    /// <summary>A film that begins.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="environment">The surroundings.</param>
    /// <param name="source">What it came from, for messages.</param>
    /// <param name="film">The film.</param>
    /// <param name="output">What it is written to, unless the command line says it.</param>
    /// <param name="mayNumber">Whether <paramref name="output"/> gets a number where another film or file has the name.</param>
    public FilmOrder Begin(ParseResult parsed, CliEnvironment environment, string source, Film film, string output, bool mayNumber)
    {
        var isUnnamed = mayNumber && parsed.GetValue(_output) is null && parsed.GetValue(_folder) is null;
        output = parsed.GetValue(_output) ?? output;
        var order = Order(
            parsed,
            environment,
            source,
            film,
            parsed.GetValue(_folder) ?? FilmOrder.FolderFor(ClipPlace.Parse(output)),
            output,
            _backend.Read(parsed, environment)
        );
        return order with { IsUnnamed = isUnnamed };
    }

    /// <summary>A film that was begun, with what it was begun with.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="environment">The surroundings.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="change">The film as it should be now.</param>
    public FilmOrder Continue(ParseResult parsed, CliEnvironment environment, string folder, Func<Film, Film> change)
    {
        if (parsed.GetResult(_folder) is { Implicit: false })
        {
            throw new InvalidRequestException("folder", "The film is named by its folder already: leave out --folder.");
        }

        if (_backendOptions.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } other)
        {
            throw new InvalidRequestException(
                other.Name.TrimStart('-'),
                $"The film in {folder} keeps the settings it was started with: drop {other.Name}, or start another film with --folder."
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
        return Order(parsed, environment, folder, change(film), folder, written, BackendSettings.Load(JobFolder.Open(folder)));
    }

    private FilmOrder Order(
        ParseResult parsed,
        CliEnvironment environment,
        string source,
        Film film,
        string folder,
        string output,
        BackendSettings settings
    )
    {
        return new FilmOrder
        {
            Source = source,
            Film = film,
            Folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)),
            Target = ClipPlace.Parse(output),
            Settings = _run.With(parsed, settings, environment.Clock),
            StylesFile = _run.StylesFile(parsed),
            Attempts = _run.Attempts(parsed),
            AllowsModelChange = _run.AllowsModelChange(parsed),
            IsDry = parsed.GetValue(_dryRun),
            Json = parsed.GetValue(_json),
        };
    }
}
