using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Tools.Quantize;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan quantize</c>: a model in 8-bit integers, as far as a loss allows.</summary>
internal sealed class QuantizeCommand(CliEnvironment environment)
{
    private const double UsualLoss = 0.03;
    private const int UsualClips = 8;
    private const int UsualJudges = 16;

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "What to write: a new folder for a model with a config.json of WanSharp's, otherwise a .safetensors file.",
        HelpName = "OUT",
        Required = true,
    };

    private readonly Option<double?> _loss = LossOption.Create(
        "How much of a clip's SSIM may be lost, such as 3% or 0.03. No calibration clip loses more. Default: 3%."
    );

    private readonly PromptSetOption _prompts = new(UsualClips, UsualJudges);
    private readonly SettingOptions _settings = new(withSeed: false);
    private readonly ImageOptions _images = new();
    private readonly EngineSettingOptions _engine = new(
        EngineParts.Provider | EngineParts.Precision | EngineParts.Compile | EngineParts.Loras // layers are tried on the processor
    );
    private readonly Option<bool> _force = new("--force") { Description = "Replace a file that exists." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new QuantizeCommand(environment);
        var command = new Command(
            "quantize",
            "Write a model with as many of its layers in 8-bit integers as a loss allows, measured on clips. ComfyUI reads the files."
        )
        {
            self._output,
            self._loss,
            self._force,
            self._json,
        };
        self._prompts.AddTo(command);
        self._images.AddTo(command);
        self._engine.AddTo(command);
        self._settings.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan quantize --model shapes --max-loss 3% -o shapes-int8",
            "wan quantize --model ./Wan2.1 --prompts p.txt -o wan-int8.safetensors",
            "wan quantize --model shapes -o shapes-int8 --steps 10 --json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var ffmpeg = environment.Host.FindFfmpeg();
        var (choose, judge) = _prompts.Read(parsed);
        var engine = _engine.Read(parsed);
        var options = new QuantizeOptions
        {
            Engine = engine,
            MaxLoss = parsed.GetValue(_loss) ?? UsualLoss,
            Prompts = choose,
            HeldBack = judge,
            Images = await _images.ReadAsync(parsed, (file, token) => ImageReader.ReadAsync(ffmpeg, file, token), cancellationToken),
            Settings = _settings.Read(parsed, new ClipSettings()),
        };
        using var model = environment.Host.OpenModel(engine.Model, engine.Parts);
        using var runtime = environment.Host.OpenRuntime(engine.Threads);
        QuantizeReport report;
        using (var progress = new CountedProgressDisplay(environment))
        {
            report = await new ModelQuantizer(environment.Host, runtime, options).RunAsync(
                model,
                parsed.GetValue(_output)!,
                parsed.GetValue(_force),
                progress,
                cancellationToken
            );
        }

        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(QuantizeText.Output(report)) : QuantizeText.Describe(report));
        return ExitCode.Done;
    }
}
