using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Jobs.Films;
using WanSharp.Media.Clips;
using WanSharp.Media.Metadata;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;

namespace WanSharp.Cli.Commands;

/// <summary>
/// <c>wan bench drift</c>: what becomes of a film's colours and sharpness from section to section, and how its joints look.
/// </summary>
internal sealed class BenchDriftCommand(CliEnvironment environment)
{
    private readonly Argument<string> _film = new("film") { Description = "A film that wan film, or wan generate, wrote." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchDriftCommand(environment);
        var command = new Command(
            "drift",
            "Measure how far a film's sections drift from the first in colour and sharpness, and how its joints compare with other frames."
        )
        {
            self._film,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench drift film.mkv", "wan bench drift film.mp4 --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (file, ffmpeg) = (parsed.GetValue(_film)!, environment.Host.FindFfmpeg());
        var embedded = await MetadataReader.ReadAsync(ffmpeg, file, cancellationToken);
        var film = embedded is null ? null : FilmFile.FromEmbedded(embedded);
        var frames = film?.Sections.Select(section => section.Request.Frames).OfType<int>().ToList();
        if (film is null || frames!.Count < film.Sections.Count)
        {
            throw new InvalidRequestException(
                "film",
                $"{file} does not say what its sections are: name a film of wan film whose sections are all made by it."
            );
        }

        var drift = await FilmDrift.MeasureAsync(VideoReader.ReadAsync(ffmpeg, file, cancellationToken), frames, cancellationToken);
        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(drift) : Table(drift));
        return ExitCode.Done;
    }

    private static string Table(IReadOnlyList<SectionDrift> drift) =>
        string.Join(
            Environment.NewLine,
            drift
                .Select(section =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{section.Section, 7}  {section.Frames, 6}  {section.ColorDifference, 6:0.00}  {section.Sharpness, 9:0.00}  "
                            + $"{section.JointSsim, 10:0.0000}  {section.LeastOwnSsim, 14:0.0000}"
                    )
                )
                .Prepend("section  frames      ΔE  sharpness  joint SSIM  own pairs, 5 %")
        );
}
