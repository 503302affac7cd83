using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench reuse</c>: what <c>--reuse similar</c> saves and loses, by how near prompts are.</summary>
internal sealed class BenchReuseCommand(CliEnvironment environment)
{
    private static readonly double[] Bands = [0.97, 0.95, 0.9, 0.8, 0.7, -1];

    private readonly Option<int?> _seeds = BatchOptions.Count("--seeds", "Number of seeds for each pair of prompts. Default: 1.", 1000);
    private readonly ModelOptions _model = new();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchReuseCommand(environment);
        var command = new Command(
            "reuse",
            "Start clips from the steps of similar prompts' clips, and compare them with clips that start from noise."
        )
        {
            self._seeds,
            self._threads,
            self._json,
        };
        self._model.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench reuse", "wan bench reuse --seeds 3 --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var json = parsed.GetValue(_json);
        using var folder = WorkFolder.CreateTemporary();
        using var engine = EngineHost.Open(environment.Host, _model.Engine(parsed, parsed.GetValue(_threads)));
        using var store = new ContentStore(folder.Path);
        var clips = new List<ReusedClip>();
        await foreach (var clip in new ReuseLoss(engine.Generator, store).MeasureAsync(parsed.GetValue(_seeds) ?? 1, cancellationToken))
        {
            clips.Add(clip);
            if (!json)
            {
                environment.Out.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{clip.Reused.Similarity:0.000}  {clip.Reused.Steps, 3} steps  {clip.Quality.Psnr, 6:0.0} dB  SSIM "
                            + $"{clip.Quality.Ssim:0.000} (the other clip {clip.Donor.Ssim:0.000})  {clip.Prompt}"
                    )
                );
            }
        }

        environment.Out.WriteLine(json ? JsonText.Of<IReadOnlyList<ReusedClipOutput>>([.. clips.Select(Output)]) : Table(clips));
        return ExitCode.Done;
    }

    private static string Table(List<ReusedClip> clips) =>
        string.Join(
            Environment.NewLine,
            clips
                .GroupBy(clip => (Band: Bands.First(band => clip.Reused.Similarity >= band), clip.Reused.Steps))
                .OrderByDescending(group => group.Key.Band)
                .ThenBy(group => group.Key.Steps)
                .Select(group =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"cosine {(group.Key.Band < 0 ? "below" : "from")} {(group.Key.Band < 0 ? Bands[^2] : group.Key.Band):0.00} "
                            + $" {group.Key.Steps, 3} steps  {group.Count(), 3} clips  time {group.Average(clip => clip.Time):0.00} "
                            + $" PSNR {FrameQuality.Mean([.. group.Select(clip => clip.Quality)]).Psnr, 5:0.0} dB  SSIM "
                            + $"{group.Average(clip => clip.Quality.Ssim):0.000}, least {group.Min(clip => clip.Quality.Ssim):0.000}"
                            + $"; the other clips {group.Average(clip => clip.Donor.Ssim):0.000}, "
                            + $"least {group.Min(clip => clip.Donor.Ssim):0.000}"
                    )
                )
                .Prepend("")
        );

    private static ReusedClipOutput Output(ReusedClip clip) =>
        new(
            clip.Prompt,
            clip.Reused.Prompt,
            clip.Reused.Similarity,
            clip.Reused.Steps,
            double.IsFinite(clip.Quality.Psnr) ? clip.Quality.Psnr : null,
            clip.Quality.Ssim,
            clip.Donor.Ssim,
            clip.Time
        );
}
