using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Engine.FinishedClips;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Media.Metadata;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan enhance</c>: more frames of a clip that is there, and larger ones.</summary>
internal sealed class EnhanceCommand(CliEnvironment environment)
{
    private const int MostFrames = 3600 * 60;

    private readonly Argument<string> _clip = new("clip")
    {
        Description = "The clip: mp4, mov, mkv, webm, avi, gif, webp, of whatever program. Its sound is left out.",
    };
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description =
            "What to write: .mp4, .webm, .gif, .webp, .mkv (lossless), or a folder/ for one PNG per frame. Default: the clip's name and "
            + "-enhanced.mp4, with a number where such a file exists.",
        HelpName = "FILE",
    };
    private readonly SettingOptions _settings = SettingOptions.Of("upscale", "upscale_height", "interpolate", "fps");
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<IReadOnlyDictionary<string, string>> _providerOptions = CommonOptions.ProviderOptions();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new EnhanceCommand(environment);
        var command = new Command("enhance", "Make more frames of a clip that is there, or larger ones.") { self._clip, self._output };
        self._settings.AddTo(command);
        foreach (var option in (Option[])[self._provider, self._providerOptions, self._threads, self._json])
        {
            command.Options.Add(option);
        }

        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan enhance film.mp4 --upscale realesr-animevideov3 --upscale-height 1080",
            "wan enhance clip.mp4 -o smooth.mp4 --interpolate rife47.pth --fps 60",
            "wan enhance clip.mp4 -o smooth.webm --interpolate ffmpeg"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (host, clip) = (environment.Host, parsed.GetValue(_clip)!);
        var (ffmpeg, started) = (host.FindFfmpeg(), environment.Clock.GetTimestamp());
        using var chosen = parsed.GetValue(_output) is null ? TakeName(clip) : null;
        var place = chosen?.Path ?? parsed.GetValue(_output)!;
        var target = await new ClipPlace(environment).FindAsync(ffmpeg, ClipPlace.Parse(place), cancellationToken);
        OwnInputs.Spare(target.FullPath, "output", [clip]);
        VideoWriter.Require(target);
        var wanted = _settings.Read(parsed, new ClipSettings());
        var embedded = await MetadataReader.ReadAsync(ffmpeg, clip, cancellationToken);
        var facts = await ClipFacts.ReadAsync(ffmpeg, clip, MostFrames, cancellationToken);
        using var runtime = host.OpenRuntime(parsed.GetValue(_threads));
        var session = host.SettingsFor(runtime, parsed.GetValue(_provider)!, parsed.GetValue(_providerOptions)!);
        using var enhancer = new ClipEnhancer(runtime, session, host.Models.SearchFolders, host.HubModels, ffmpeg);
        var plan = enhancer.Plan(facts, wanted);
        await EncoderCheck.RequireAsync(ffmpeg, target.Kind, cancellationToken);
        environment.Error.WriteLine(
            PlainText.OneLine($"{clip}: {Measures(new(facts.Width, facts.Height, facts.Frames, facts.Rate.Value))}")
        );
        await WriteAsync(enhancer, plan, target, plan.Embed(embedded), ffmpeg, cancellationToken);
        var output = new EnhanceOutput(
            target.Shown,
            Math.Round(environment.Clock.GetElapsedTime(started).TotalSeconds, 3),
            plan.Format.Width,
            plan.Format.Height,
            plan.Format.Frames,
            Math.Round(plan.Format.Fps, 3)
        );
        environment.Out.WriteLine(
            parsed.GetValue(_json)
                ? JsonText.Of(output)
                : string.Create(CultureInfo.InvariantCulture, $"{output.Path}: {Measures(plan.Format)}, {output.Seconds:0.0} s")
        );
        return ExitCode.Done;
    }

    private static OutputName TakeName(string clip) =>
        OutputName.Numbered(Path.ChangeExtension(clip, null) + "-enhanced").Select(OutputName.TryTake).First(name => name is not null)!;

    private async Task WriteAsync(
        ClipEnhancer enhancer,
        EnhancePlan plan,
        OutputTarget target,
        string? settings,
        string? ffmpeg,
        CancellationToken cancellationToken
    )
    {
        using var progress = ProgressDisplay.Start(environment);
        var writer = VideoWriter.Create(ffmpeg, target, plan.Format, settings);
        await using (writer)
        {
            var written = 0;
            await foreach (var frame in enhancer.EnhanceAsync(plan, cancellationToken))
            {
                await writer.WriteAsync(frame, cancellationToken);
                progress.Report(new GenerationProgress(GenerationStage.Enhance, ++written, plan.Format.Frames));
            }

            await writer.CompleteAsync(cancellationToken);
        }

        progress.Complete();
    }

    private static string Measures(ClipFormat format) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{format.Width}x{format.Height}, {format.Frames} frames at {format.Fps:0.###} fps ({format.Frames / format.Fps:0.##} s)"
        );
}
