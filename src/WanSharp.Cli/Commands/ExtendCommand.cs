using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Jobs;
using WanSharp.Jobs.Films;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan extend</c>: a clip, and what comes after it.</summary>
internal sealed class ExtendCommand(CliEnvironment environment)
{
    private readonly Argument<string> _clip = new("clip")
    {
        Description = "The clip: mp4, mov, mkv, webm, avi, gif, webp, of whatever program.",
    };
    private readonly Argument<string> _prompt = new("prompt") { Description = "What happens next; A | B for one after the other." };
    private readonly Option<string?> _from = new("--from") { Description = "Where the clip begins. Default: 0.", HelpName = "SECONDS" };
    private readonly Option<string?> _to = new("--to")
    {
        Description = "Where the clip ends, and what comes after it begins. Default: its end.",
        HelpName = "SECONDS",
    };
    private readonly SettingOptions _settings = new(withSeed: true);
    private readonly FilmOptions _options = new();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ExtendCommand(environment);
        foreach (var option in (Option<string?>[])[self._from, self._to])
        {
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<string?>() is { } text && !TryParse(text, out _))
                {
                    result.AddError($"{option.Name} takes seconds of the clip, such as 1.5, not '{text}'.");
                }
            });
        }

        var command = new Command("extend", "Continue a clip from its last frame, by --seconds.")
        {
            self._clip,
            self._prompt,
            self._from,
            self._to,
        };
        self._settings.AddTo(command);
        self._options.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan extend clip.mp4 \"then it turns left\" --seconds 5",
            "wan extend clip.mp4 \"it stops | it turns back\" --seconds 8 -o longer.mp4",
            "wan extend clip.mp4 \"it jumps\" --from 1 --to 3.5 --dry-run"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var clip = parsed.GetValue(_clip)!;
        var given = new GivenClip(Path.GetFullPath(clip), Seconds(parsed, _from) ?? 0, Seconds(parsed, _to));
        if (given.To <= given.From)
        {
            throw new InvalidRequestException("to", "The clip ends before it begins: let --to be after --from.");
        }

        var request = _settings.Read(parsed, new JobRequest { Prompt = parsed.GetValue(_prompt)! });
        var film = await ClipExtension.FilmAsync(environment.Host.FindFfmpeg(), given, request, title: null, cancellationToken);
        var output = $"{Path.GetFileNameWithoutExtension(clip)}-extended.mp4";
        return await FilmCommand.MakeAsync(
            environment,
            () =>
                _options.Begin(parsed, environment, clip, film, Path.Combine(Path.GetDirectoryName(given.Path)!, output), mayNumber: true),
            cancellationToken
        );
    }

    private static double? Seconds(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } text && TryParse(text, out var seconds) ? seconds : null;

    private static bool TryParse(string text, out double seconds) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds) && seconds is >= 0 and <= 86_400;
}
