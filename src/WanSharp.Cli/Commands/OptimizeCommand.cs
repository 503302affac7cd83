using System.CommandLine;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Tensors;
using WanSharp.Tools.Optimize;
using WanSharp.Tools.Quality;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan optimize</c>: the settings that make clips fast enough, or lose little enough, measured.</summary>
internal sealed class OptimizeCommand(CliEnvironment environment)
{
    private const int MostTrials = 10_000;
    private const int UsualClips = 3;
    private const int UsualTrials = 24;
    private const string UsualPreset = "mine";
    private const string NoPreset = "none";

    private readonly Argument<string?> _prompt = new("prompt")
    {
        Description = "A prompt like those that the model is used for; it is also the first prompt that settings are measured with.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<TimeSpan?> _within = Amounts.TimeOption(
        "--within",
        "Time limit for a clip, counted from program start, such as 60s or 20min; finds the settings that lose least within it."
    );

    private readonly Option<double?> _loss = LossOption.Create(
        "How much of a clip's SSIM may be lost, such as 3%; finds the fastest settings. Default: 3% without --within, any with it."
    );

    private readonly Option<string> _save = new("--save")
    {
        Description = $"The name of the preset that the answer is saved as; {NoPreset} saves none. Default: {UsualPreset}.",
        HelpName = "NAME",
        DefaultValueFactory = _ => UsualPreset,
    };

    private readonly Option<int?> _trials = BatchOptions.Count(
        "--trials",
        $"Most combinations to measure, after each setting on its own. Default: {UsualTrials}.",
        MostTrials
    );

    private readonly Option<string?> _report = new("--report")
    {
        Description = "Write a page with the best combinations, frames of each, and all that was measured.",
        HelpName = "FILE",
    };

    private readonly PromptSetOption _prompts = new(UsualClips, BoundTest.MostClips);
    private readonly SettingOptions _settings = new(withSeed: false);
    private readonly ImageOptions _images = new();
    private readonly EngineSettingOptions _engine = new(EngineParts.Precision); // the precision is searched
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new OptimizeCommand(environment);
        var command = new Command(
            "optimize",
            "Find settings for a time or a loss: measure combinations, check the best on other prompts, save a preset."
        )
        {
            self._prompt,
            self._within,
            self._loss,
            self._save,
            self._trials,
            self._report,
            self._json,
        };
        self._prompts.AddTo(command);
        self._images.AddTo(command);
        self._engine.AddTo(command);
        self._settings.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan optimize \"a red circle moving left\" --within 60s",
            "wan optimize --max-loss 3% --save quick --report front.html",
            "wan optimize \"a fox\" --model ./Wan2.1 --memory 8GB --within 20min"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var save = parsed.GetValue(_save)!;
        var folder = environment.Host.Options.ConfigFolder;
        if (save != NoPreset)
        {
            SavedPreset.RequireWritable(folder, save);
        }

        if (parsed.GetValue(_report) is { } place)
        {
            AtomicFile.Require(place);
        }

        var goal = new OptimizeGoal { Within = parsed.GetValue(_within), MaxLoss = parsed.GetValue(_loss) };
        var (choose, judge) = _prompts.Read(parsed, parsed.GetValue(_prompt), judgesLoss: goal.MaxLoss is not null);
        var settings = _settings.Read(parsed, new ClipSettings());
        RequireOpen(settings);
        var options = new OptimizeOptions
        {
            Engine = _engine.Read(parsed),
            Goal = goal,
            Prompts = choose,
            HeldBack = judge,
            Judges = goal.MaxLoss is null || _prompts.IsCounted(parsed) ? null : BoundTest.MostClips,
            Images = await ReadImagesAsync(parsed, cancellationToken),
            Settings = settings,
            Trials = parsed.GetValue(_trials) ?? UsualTrials,
            Started = ProcessAge(),
            WithSheets = parsed.GetValue(_report) is not null,
        };
        OptimizeReport report;
        using (var progress = new CountedProgressDisplay(environment))
        {
            report = await new ModelOptimizer(environment.Host, options).RunAsync(progress, cancellationToken);
        }

        var (file, failure) = await SaveAsync(report, save, cancellationToken);
        environment.Out.WriteLine(
            parsed.GetValue(_json)
                ? JsonText.Of(OptimizeText.Output(report, file is null ? null : save, file))
                : OptimizeText.Describe(report, goal, file is null ? null : save, file)
        );
        if (parsed.GetValue(_report) is { } page)
        {
            AtomicFile.Write(page, OptimizePage.Write(report, options.Goal));
        }

        failure?.Throw();
        return ExitCode.Done;
    }

    /// <summary>Saves the answer. What took hours to find is printed even where it cannot be saved any more.</summary>
    /// <returns>The file; or why there is none. Nothing where none was asked for.</returns>
    private async Task<(string? File, ExceptionDispatchInfo? Failure)> SaveAsync(
        OptimizeReport report,
        string name,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var about = OptimizeText.About(report.Answer);
            return name == NoPreset
                ? (null, null)
                : (await SavedPreset.SaveAsync(environment.Host, name, report.Model, report.Form, about, cancellationToken), null);
        }
        catch (Exception e)
            when (e is InvalidRequestException or InvalidDataException or IOException or UnauthorizedAccessException or JsonException)
        {
            return (null, ExceptionDispatchInfo.Capture(e));
        }
    }

    private Task<IReadOnlyList<ConditioningImage>> ReadImagesAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var ffmpeg = environment.Host.FindFfmpeg();
        return _images.ReadAsync(parsed, (file, token) => ImageReader.ReadAsync(ffmpeg, file, token), cancellationToken);
    }

    /// <summary>What a process takes before it comes to its command.</summary>
    private static TimeSpan ProcessAge()
    {
        using var process = Process.GetCurrentProcess();
        var (age, most) = (TimeProvider.System.GetUtcNow() - process.StartTime.ToUniversalTime(), TimeSpan.FromSeconds(5));
        return age < most ? age : most; // a host that has lived for long is not what starts with a command
    }

    /// <summary>What levers are for must be open.</summary>
    private static void RequireOpen(ClipSettings settings)
    {
        if (FrontChoice.FindLever(settings) is { } lever)
        {
            throw new InvalidRequestException(lever, $"--{lever.Replace('_', '-')} is among what is searched: leave it out.");
        }
    }
}
