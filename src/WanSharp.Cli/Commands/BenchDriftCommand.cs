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
    private readonly Argument<string> _film = new("film")
    {
        Description = "A film that wan film, or wan generate, wrote; with --every any clip.",
    };
    private readonly Option<int?> _every = NumberOption.Create<int>(
        "--every",
        "Take each N frames for a section, the last ones with the rest: for a clip in one piece, whatever made it.",
        "N"
    );
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
            self._every,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench drift film.mkv", "wan bench drift film.mp4 --json", "wan bench drift clip.mp4 --every 16");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (file, ffmpeg) = (parsed.GetValue(_film)!, environment.Host.FindFfmpeg());
        var frames = parsed.GetValue(_every) is { } every
            ? Divide(await VideoReader.ReadAsync(ffmpeg, file, cancellationToken).CountAsync(cancellationToken), every)
            : await SectionsAsync(ffmpeg, file, cancellationToken);
        var drift = await FilmDrift.MeasureAsync(VideoReader.ReadAsync(ffmpeg, file, cancellationToken), frames, cancellationToken);
        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(drift) : Table(drift));
        return ExitCode.Done;
    }

    private static List<int> Divide(int frames, int every)
    {
        if (every < 1 || frames < every)
        {
            throw new InvalidRequestException(
                "every",
                $"The clip has {frames} frames, which make no sections of {every}: give 1 to {frames}."
            );
        }

        var sections = Enumerable.Repeat(every, frames / every).ToList();
        sections[^1] += frames % every;
        return sections;
    }

    private static async Task<List<int>> SectionsAsync(string? ffmpeg, string file, CancellationToken cancellationToken)
    {
        var embedded = await MetadataReader.ReadAsync(ffmpeg, file, cancellationToken);
        var film = embedded is null ? null : FilmFile.FromEmbedded(embedded);
        var frames = film?.Sections.Select(section => section.Request.Frames).OfType<int>().ToList();
        return film is not null && frames!.Count == film.Sections.Count
            ? frames
            : throw new InvalidRequestException(
                "film",
                $"{file} does not say what its sections are: name a film of wan film whose sections are all made by it, or give --every."
            );
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
