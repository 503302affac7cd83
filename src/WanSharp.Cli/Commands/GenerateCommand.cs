using System.CommandLine;
using WanSharp.Cli.Films;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Hosting;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Running;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
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
    private readonly ModelOptions _model = new();
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<IReadOnlyDictionary<string, string>> _providerOptions = CommonOptions.ProviderOptions();
    private readonly Option<Quantization> _precision = CommonOptions.PrecisionOption();
    private readonly Option<TimeSpan?> _within = Amounts.TimeOption(
        "--within",
        "Make the clip in this time, counted from the start of the program, with the settings that lost least when wan optimize measured."
    );
    private readonly CompileOptions _compile = new();
    private readonly Option<LoraMode> _loraMode = CommonOptions.LoraModeOption();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<VaeTileChoice> _vaeTile = CommonOptions.VaeTile();

    private readonly Option<int?> _keepCompiled = CommonOptions.KeepCompiled();
    private readonly Option<MemoryAmount?> _memory = CommonOptions.Memory();
    private readonly Option<MemoryAmount?> _hostMemory = CommonOptions.HostMemory();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new GenerateCommand(environment);
        var command = new Command("generate", "Make one video from a sentence.")
        {
            self._output,
            self._provider,
            self._providerOptions,
            self._precision,
            self._within,
            self._loraMode,
            self._threads,
            self._vaeTile,
            self._memory,
            self._hostMemory,
            self._keepCompiled,
            self._json,
        };
        self._preview.AddTo(command);
        self._model.AddTo(command);
        self._compile.AddTo(command);
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
        var previewFile = await _preview.FileAsync(parsed, ffmpeg, target, cancellationToken);
        var encoder = EncoderCheck.RequireAsync(ffmpeg, target.Kind, cancellationToken); // while the model opens

        var started = environment.Clock.GetTimestamp();
        var compile = _compile.Read(parsed);
        var (opened, way) = Open(parsed, compile, request, cancellationToken);
        using var engine = opened;
        var (model, generator) = (engine.Model, engine.Generator);
        await encoder;
        model.ReadDigest(new DigestProgress(environment), cancellationToken);
        request = _style.Apply(parsed, environment.Host, request, model.Name);
        var plan = generator.Plan(way is null ? request : SettingFields.Fill(request, way.Settings));
        await generator.RequireInputsAsync(plan, cancellationToken);
        SayPrecision(plan);
        plan = await TuneAsync(generator, plan, compile, cancellationToken);
        if (plan.Strategy is { } strategy)
        {
            environment.Error.WriteLine($"memory: {strategy}");
        }

        var options = new GenerationRunOptions { Preview = _preview.Read(parsed, environment, ffmpeg, previewFile, plan.Format) };
        GenerationStatistics clip;
        await using (var writer = VideoWriter.Create(ffmpeg, target, plan.Format, plan.Settings.ToJson()))
        {
            GenerateReport.WritePlan(environment.Error, plan);
            GenerateReport.WriteWarnings(environment.Error, LongClip.NotesOf(request.Prompt));
            using var progress = ProgressDisplay.Start(environment);
            clip = await generator.GenerateAsync(plan, writer, options with { Progress = progress }, cancellationToken);
            await writer.CompleteAsync(cancellationToken);
            progress.Complete();
        }

        var elapsed = environment.Clock.GetElapsedTime(started);
        GenerateReport.Write(
            environment.Out,
            target.Kind == OutputKind.PngSequence ? target.Folder : target.FullPath,
            plan,
            clip,
            generator.Statistics,
            elapsed,
            parsed.GetValue(_json)
        );
        await FinishCompilingAsync(generator, cancellationToken);
        return ExitCode.Done;
    }

    /// <summary>The film that a clip is which is asked for in seconds, and in more than a clip of its model has; null for others.</summary>
    private FilmOrder? FindFilm(ParseResult parsed, GenerationRequest request)
    {
        if (request.Seconds is null)
        {
            return null;
        }

        var settings = Settings(parsed, _compile.Read(parsed));
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

        var isForEightBit = environment.Host.OpenPresets().Catalog.IsEightBit(request.Preset);
        var target = ClipPlace.Parse(parsed.GetValue(_output) ?? OutputName.For(request));
        return new FilmOrder
        {
            Source = "the prompt",
            Film = film,
            Folder = FilmOrder.FolderFor(target),
            Target = target,
            IsUnnamed = parsed.GetValue(_output) is null,
            Settings = FilmOrder.BackendOf(isForEightBit ? settings with { Precision = Quantization.EightBit } : settings),
            Engine = settings,
            StylesFile = stylesFile,
            Attempts = new JobRunnerOptions().Attempts,
            Json = parsed.GetValue(_json),
        };
    }

    private void SayPrecision(GenerationPlan plan)
    {
        if (plan.Settings.Execution is { Precision: Precision.EightBit })
        {
            environment.Error.WriteLine(
                $"precision {Precision.EightBit}: the transformer's blocks multiply 8-bit integers, the rest stays in {Precision.Full}"
            );
        }
    }

    /// <summary>
    /// The engine, in the precision that is given, that the preset is for, or that is in the measured way that makes the clip in time.
    /// </summary>
    private (EngineHost Engine, SavedWay? Way) Open(
        ParseResult parsed,
        CompileChoice compile,
        GenerationRequest request,
        CancellationToken cancellationToken
    )
    {
        var settings = Settings(parsed, compile);
        var eightBit = settings with { Precision = Quantization.EightBit };
        var time = parsed.GetValue(_within);
        if (time is not null && settings.Precision != Quantization.None)
        {
            throw new InvalidRequestException("within", "--within chooses the precision itself: leave --precision out.");
        }

        var isForEightBit = environment.Host.OpenPresets().Catalog.IsEightBit(request.Preset);
        var engine = EngineHost.Open(environment.Host, isForEightBit ? eightBit : settings);
        try
        {
            if (time is null)
            {
                return (engine, null);
            }

            engine.Model.ReadDigest(new DigestProgress(environment), cancellationToken);
            request = _style.Apply(parsed, environment.Host, request, engine.Model.Name);
            var way = FrontChoice.Find(environment.Host, engine, settings, request, time.Value);
            environment.Error.WriteLine(PlainText.OneLine(OptimizeText.GaveUp(way)));
            if (way.Precision == Precision.EightBit)
            {
                engine.Dispose();
                engine = EngineHost.Open(environment.Host, eightBit);
            }

            return (engine, way);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    private EngineSettings Settings(ParseResult parsed, CompileChoice compile)
    {
        var (model, parts) = _model.Read(parsed);
        return new EngineSettings
        {
            Model = model,
            Parts = parts,
            Provider = parsed.GetValue(_provider)!,
            ProviderOptions = parsed.GetValue(_providerOptions)!,
            Precision = parsed.GetValue(_precision),
            Compile = compile,
            Threads = parsed.GetValue(_threads),
            Memory = parsed.GetValue(_memory),
            HostMemory = parsed.GetValue(_hostMemory),
            Options = new EngineOptions
            {
                VaeTile = parsed.GetValue(_vaeTile)!,
                LoraMode = parsed.GetValue(_loraMode),
                KeepCompiled = parsed.GetValue(_keepCompiled) ?? new EngineOptions().KeepCompiled,
            },
        };
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
