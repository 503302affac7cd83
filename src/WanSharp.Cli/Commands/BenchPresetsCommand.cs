using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;
using static System.FormattableString;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench presets</c>: what presets save and lose, motion included.</summary>
internal sealed class BenchPresetsCommand(CliEnvironment environment)
{
    private const int MostClips = 1000;

    private readonly Argument<string[]> _names = new("preset")
    {
        Description = "Presets to measure. Default: all that the model can use, or none if settings are given.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<int?> _clips = BatchOptions.Count("--clips", "Number of clips for each preset. Default: 8.", MostClips);
    private readonly SettingOptions _settings = new(withSeed: false);
    private readonly ModelOptions _model = new();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchPresetsCommand(environment);
        var command = new Command(
            "presets",
            "Compare clips of presets, or of settings that are given, with those of the model's own settings: time, PSNR, SSIM, and how "
                + "much moves."
        )
        {
            self._names,
            self._clips,
            self._threads,
            self._json,
        };
        self._model.AddTo(command);
        self._settings.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan bench presets",
            "wan bench presets --steps 4 --sampler lcm --clips 4",
            "wan bench presets --guidance-interval 0-0.5 --json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var json = parsed.GetValue(_json);
        using var engine = EngineHost.Open(environment.Host, _model.Engine(parsed, parsed.GetValue(_threads)));
        var ways = Ways(parsed, environment.Host.OpenPresets(engine.Model), engine.Model);
        var clips = new List<PresetClip>();
        await foreach (var clip in new PresetLoss(engine.Generator).MeasureAsync(ways, parsed.GetValue(_clips) ?? 8, cancellationToken))
        {
            clips.Add(clip);
            if (!json)
            {
                environment.Out.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{clip.Quality.Psnr, 6:0.0} dB  SSIM {clip.Quality.Ssim:0.000}  motion {clip.Motion / clip.FullMotion:0.00}  "
                            + $"time {clip.Time:0.00}  {clip.Way}: {clip.Prompt}"
                    )
                );
            }
        }

        List<PresetWayOutput> rows = [.. clips.GroupBy(clip => clip.Way).Select(Mean)];
        environment.Out.WriteLine(json ? JsonText.Of<IReadOnlyList<PresetWayOutput>>(rows) : Table(rows));
        return ExitCode.Done;
    }

    /// <summary>The settings that were given, and the presets that were named; without either, all that can be used.</summary>
    private List<(string Name, ClipSettings Settings)> Ways(ParseResult parsed, PresetChoice presets, WanModel model)
    {
        var settings = _settings.Read(parsed, new ClipSettings());
        var names = parsed.GetValue(_names)!;
        var ways = new List<(string, ClipSettings)>();
        if (settings != new ClipSettings())
        {
            ways.Add((string.Join(' ', SettingFields.CommandLine(settings).Select(one => $"{one.Option} {one.Value}")), settings));
        }
        else if (names.Length == 0)
        {
            names = [.. presets.StatesFor(model).Where(state => state is { Fits: true, IsReady: true }).Select(state => state.Name)];
        }

        ways.AddRange(names.Select(name => (name, new ClipSettings { Preset = name })));
        return ways.Count > 0
            ? ways
            : throw new InvalidRequestException(
                "preset",
                $"No preset can be used with {model.Name}: give settings to compare, such as --steps 8, or see `wan presets --model`."
            );
    }

    private static PresetWayOutput Mean(IGrouping<string, PresetClip> way)
    {
        var quality = FrameQuality.Mean([.. way.Select(clip => clip.Quality)]);
        var full = way.Average(clip => clip.FullMotion);
        return new PresetWayOutput(
            way.Key,
            way.Count(),
            Math.Round(way.Average(clip => clip.Time), 3),
            double.IsFinite(quality.Psnr) ? Math.Round(quality.Psnr, 2) : null,
            Math.Round(quality.Ssim, 4),
            full > 0 ? Math.Round(way.Average(clip => clip.Motion) / full, 3) : null
        );
    }

    private static string Table(List<PresetWayOutput> rows) =>
        string.Join(
            Environment.NewLine,
            rows.Select(row =>
                    Invariant($"time {row.Time:0.00}  PSNR {row.Psnr:0.0} dB  SSIM {row.Ssim:0.000}  motion {row.Motion:0.00}  {row.Way}")
                )
                .Prepend("")
        );
}
