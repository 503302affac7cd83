using System.CommandLine;
using WanSharp.Cli.Films;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Strategies;
using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Running;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Tools.Optimize;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan generate</c>: one video.</summary>
internal sealed class GenerateCommand(CliEnvironment environment)
{
    private readonly GenerateOptions _request = new();

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description =
            "What to write: .mp4, .webm, .gif, .webp, .mkv (lossless), .png (all frames in one picture), or a folder/ for one "
            + "PNG per frame. Default: named after the prompt. Without ffmpeg, clips are written as .webp.",
        HelpName = "FILE",
    };

    private readonly StyleOptions _style = new();
    private readonly PreviewOption _preview = new();
    private readonly EngineSettingOptions _engine = new();
    private readonly Option<TimeSpan?> _within = Amounts.TimeOption(
        "--within",
        "Make the clip in this time, counted from the start of the program, with the settings that lost least when wan optimize measured."
    );
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new GenerateCommand(environment);
        var command = new Command("generate", "Make one video from a sentence.") { self._output, self._within, self._json };
        self._preview.AddTo(command);
        self._engine.AddTo(command);
        self._request.AddTo(command);
        self._style.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan generate \"a red circle moving left on a black background\" -o clip.mp4",
            "wan generate 一个红色圆形向左移动，黑色背景 -o clip.webm --seed 7",
            "wan generate \"a blue star growing\" --steps 30 --guidance 5 -o sheet.png",
            "wan generate \"a red circle moving left\" --style ink -o clip.mp4",
            "wan generate \"a lighthouse, dawn | storm | night\" --seconds 30 -o film.mp4",
            "wan generate \"a blue star\" --decoder taeshapes --preview a.webp -o clip.mp4",
            "wan generate \"a blue star growing\" --precision int8 -o clip.mp4",
            "wan generate \"a green square moving up\" --image first.png -o clip.gif",
            "wan generate \"a harbour at dusk\" --lora style.safetensors:0.8 -o clip.mp4",
            "wan generate \"a blue star growing\" --memory 6GB -o clip.mp4",
            "wan generate \"a blue star growing\" --within 60s -o clip.mp4",
            "wan generate \"a blue star growing\" --compile-mode max-autotune -o clip.mp4",
            "wan generate \"a fox\" --model ./Wan2.2 --preset lightning-4 -o clip.mp4",
            "wan generate \"a star\" --guidance 1 --nag 5 --negative \"blue\" -o clip.mp4",
            "wan generate \"a lighthouse\" --size 1280x720 --vae-tile 384x384 -o clip.mp4"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var ffmpeg = environment.Host.FindFfmpeg();
        var request = await _request.ReadAsync(
            parsed,
            environment.Input,
            (file, token) => ImageReader.ReadAsync(ffmpeg, file, token),
            cancellationToken
        );
        return FindFilm(parsed, request) is { } film
            ? await FilmCommand.MakeAsync(environment, () => film, cancellationToken)
            : await MakeAsync(parsed, request, ffmpeg, cancellationToken);
    }

    private async Task<int> MakeAsync(ParseResult parsed, GenerationRequest request, string? ffmpeg, CancellationToken cancellationToken)
    {
        using var chosen = parsed.GetValue(_output) is null ? OutputName.Take(request, folder: "") : null;
        var target = await new ClipPlace(environment).FindAsync(
            ffmpeg,
            ClipPlace.Parse(chosen?.Path ?? parsed.GetValue(_output)!),
            cancellationToken
        );
        VideoWriter.Require(target);
        string?[] inputs = [.. _request.ImagePaths(parsed).Values, request.Control, request.Mask, request.References, request.Camera];
        OwnInputs.Spare(target.FullPath, "output", inputs);
        var previewFile = await _preview.FileAsync(parsed, ffmpeg, target, cancellationToken);
        if (previewFile is { } preview)
        {
            OwnInputs.Spare(preview.FullPath, "preview", inputs);
        }

        var encoder = EncoderCheck.RequireAsync(ffmpeg, target.Kind, cancellationToken); // while the model opens

        var started = environment.Clock.GetTimestamp();
        var settings = _engine.Read(parsed);
        using var clip = Open(parsed, settings, request, cancellationToken);
        var generator = clip.Engine.Generator;
        await encoder;
        clip.Engine.Model.ReadDigest(new DigestProgress(environment), cancellationToken);
        foreach (var line in clip.LeftOut)
        {
            environment.Error.WriteLine(PlainText.OneLine($"within: {line}"));
        }

        if (clip.Way is { } way)
        {
            environment.Error.WriteLine(PlainText.OneLine(OptimizeText.GaveUp(way)));
        }

        var plan = generator.Plan(clip.Request);
        await generator.RequireInputsAsync(plan, cancellationToken);
        SayPrecision(clip.Engine.Chosen);
        plan = await TuneAsync(generator, plan, settings.Compile, cancellationToken);
        if (plan.Strategy is { } strategy)
        {
            environment.Error.WriteLine($"memory: {strategy}");
        }

        var options = new GenerationRunOptions { Preview = _preview.Read(parsed, environment, ffmpeg, previewFile, plan.Format) };
        GenerationStatistics made;
        await using (var writer = VideoWriter.Create(ffmpeg, target, plan.Format, plan.Settings.ToJson()))
        {
            GenerateReport.WritePlan(environment.Error, plan);
            GenerateReport.WriteWarnings(environment.Error, LongClip.NotesOf(request.Prompt));
            using var progress = ProgressDisplay.Start(environment);
            made = await generator.GenerateAsync(plan, writer, options with { Progress = progress }, cancellationToken);
            await writer.CompleteAsync(cancellationToken);
            progress.Complete();
        }

        var elapsed = environment.Clock.GetElapsedTime(started);
        GenerateReport.Write(environment.Out, target.Shown, plan, made, generator.Statistics, elapsed, parsed.GetValue(_json));
        await FinishCompilingAsync(generator, cancellationToken);
        return ExitCode.Done;
    }

    private ClipEngine Open(ParseResult parsed, EngineSettings settings, GenerationRequest request, CancellationToken cancellationToken) =>
        ClipEngine.Open(
            environment.Host,
            settings,
            request,
            (asked, model) => _style.Apply(parsed, environment.Host, asked, model.Name),
            parsed.GetValue(_within),
            new DigestProgress(environment),
            cancellationToken
        );

    /// <summary>The film that a clip is which is asked for in seconds, and in more than a clip of its model has; null for others.</summary>
    private FilmOrder? FindFilm(ParseResult parsed, GenerationRequest request)
    {
        if (request.Seconds is null)
        {
            return null;
        }

        var settings = _engine.Read(parsed);
        var (style, stylesFile) = _style.Read(parsed);
        Film? film;
        using (var model = environment.Host.OpenModel(settings.Model, settings.Parts))
        {
            film = LongClip.Find(request, _request.ImagePaths(parsed), style, FilmModel.Of(model));
        }

        if (film is null)
        {
            return null;
        }

        if (parsed.GetValue(_within) is not null || _preview.IsGiven(parsed) || settings.Compile.Tuning == CompileTuning.MaxAutotune)
        {
            throw new InvalidRequestException(
                "seconds",
                "A clip of several sections takes no --within, no --preview and no max-autotune: leave them out, or ask for one piece "
                    + "with --frames."
            );
        }

        var target = ClipPlace.Parse(parsed.GetValue(_output) ?? OutputName.For(request));
        return new FilmOrder
        {
            Source = "the prompt",
            Film = film,
            Folder = FilmOrder.FolderFor(target),
            Target = target,
            IsUnnamed = parsed.GetValue(_output) is null,
            Settings = new BackendSettings { Engine = settings },
            StylesFile = stylesFile,
            Attempts = new JobRunnerOptions().Attempts,
            Json = parsed.GetValue(_json),
        };
    }

    private void SayPrecision(PrecisionChoice chosen)
    {
        if (chosen.Precision != Precision.Full)
        {
            environment.Error.WriteLine(
                $"precision {chosen.Precision}: "
                    + (
                        chosen.Precision == Precision.EightBit
                            ? $"the transformer's blocks multiply 8-bit integers, the rest stays in {Precision.Full}"
                            : chosen.Why
                    )
            );
        }
    }

    /// <summary>The clip was made with what was ready; what is still compiled is left on disk for the next one.</summary>
    private async Task FinishCompilingAsync(IVideoGenerator generator, CancellationToken cancellationToken)
    {
        var compiling = generator.FinishCompilingAsync(cancellationToken);
        if (!compiling.IsCompleted)
        {
            environment.Error.WriteLine(
                "compile: the clip is done, made block by block; the whole network is still being "
                    + "compiled for the next one (Ctrl-C cancels that)"
            );
        }

        if (await compiling is { } failure)
        {
            environment.Error.WriteLine(PlainText.OneLine($"compile: the whole network could not be compiled: {failure}"));
        }
    }

    private async Task<GenerationPlan> TuneAsync(
        IVideoGenerator generator,
        GenerationPlan plan,
        CompileChoice compile,
        CancellationToken cancellationToken
    )
    {
        if (compile.Tuning != CompileTuning.MaxAutotune)
        {
            return plan;
        }

        plan = await generator.TuneAsync(plan, cancellationToken);
        environment.Error.WriteLine(plan.Strategy!.Reasons[^1]);
        return plan;
    }
}
