using System.CommandLine;
using WanSharp.Cli.Batches;
using WanSharp.Cli.Films;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan film</c>: a film of several sections, durably.</summary>
internal sealed class FilmCommand(CliEnvironment environment)
{
    private const string DefaultOutput = "film.mp4";

    private readonly Argument<string?> _film = new("film")
    {
        Description = "The film: a .json file with its sections, or the folder of a film to go on with.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly SettingOptions _settings = new(withSeed: true);
    private readonly FilmOptions _options = new();

    public static Command Build(CliEnvironment environment)
    {
        var self = new FilmCommand(environment);
        var command = new Command("film", "Make a film of several sections, which continue each other or are new shots.");
        command.Arguments.Add(self._film);
        command.Subcommands.Add(FilmRedoCommand.Build(environment));
        self._settings.AddTo(command);
        self._options.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan film film.json -o film.mp4",
            "wan film film.json --dry-run",
            "wan film film.json -o film.webm --seconds 20 --lanes 2",
            "wan film film/",
            "wan film redo film/ --section 3 --seed 9"
        );
    }

    /// <summary>Makes a film; what is wrong in its file is said line by line.</summary>
    internal static async Task<int> MakeAsync(CliEnvironment environment, Func<FilmOrder> order, CancellationToken cancellationToken)
    {
        try
        {
            return await new FilmWork(environment).RunAsync(order(), cancellationToken);
        }
        catch (BatchFileException exception)
        {
            return BatchText.WriteProblems(environment.Error, exception, "section");
        }
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var source =
            parsed.GetValue(_film)
            ?? throw new InvalidRequestException(
                "film",
                "Name the film: a .json file with its sections, or the folder of one to go on with."
            );
        return MakeAsync(environment, () => Directory.Exists(source) ? Resume(parsed, source) : Start(parsed, source), cancellationToken);
    }

    private FilmOrder Start(ParseResult parsed, string source)
    {
        var defaults = _settings.Read(parsed, new JobRequest { Prompt = "" });
        return defaults.Frames is null
            ? _options.Begin(parsed, environment, source, FilmFile.Read(source, defaults), DefaultOutput, mayNumber: false)
            : throw new InvalidRequestException("frames", "A film's length is given in --seconds; frames are a section's own.");
    }

    private FilmOrder Resume(ParseResult parsed, string folder) =>
        _settings.Read(parsed, new ClipSettings()) == new ClipSettings()
            ? _options.Continue(parsed, environment, folder, film => film)
            : throw new InvalidRequestException(
                "settings",
                $"The film in {folder} has its settings already: leave them out, or change {Path.Join(folder, FilmFolder.FileName)}."
            );
}
