using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Tools.Export;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan export</c>: a model's networks as ONNX files.</summary>
internal sealed class ExportCommand(CliEnvironment environment)
{
    private readonly ModelOptions _model = new();

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The folder to write; new or empty.",
        HelpName = "FOLDER",
        Required = true,
    };

    private readonly Option<ModelNetworks?> _only = new("--only")
    {
        Description = "The networks to write: any of transformer, text, image, vae, separated by commas. Default: all.",
        HelpName = "NETWORKS",
        CustomParser = ParseNetworks,
    };

    private readonly Option<Lowering?> _lowering = new("--lowering")
    {
        Description =
            "plain: standard ONNX operators, for any runtime. fused: also ONNX Runtime's own, which are faster there. Default: plain.",
        HelpName = "plain|fused",
        CustomParser = ParseLowering,
    };

    private readonly Option<Precision> _precision = ChoiceOption.Create(
        "--precision",
        "The type of products, attention and convolutions: fp32, or fp16 between islands of fp32, in half of the bytes.",
        (Precision.Full.Name, Precision.Full),
        (Precision.Half.Name, Precision.Half)
    );

    private readonly Option<bool> _force = new("--force") { Description = "Replace an earlier export in the folder." };
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ExportCommand(environment);
        var command = new Command("export", "Export a model's networks as ONNX files, and check them against our own results.")
        {
            self._output,
            self._only,
            self._lowering,
            self._precision,
            self._force,
            self._threads,
            self._json,
        };
        self._model.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan export --model shapes -o shapes-onnx",
            "wan export --model shapes -o shapes-vae --only vae --json",
            "wan export --model shapes -o shapes-onnx --lowering fused --force",
            "wan export --only transformer --precision fp16 -o half"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new ExportOptions
        {
            Networks = parsed.GetValue(_only) ?? ModelNetworks.All,
            Lowering = parsed.GetValue(_lowering) ?? Lowering.Plain,
            Compute = parsed.GetValue(_precision)!.Compute,
            Replace = parsed.GetValue(_force),
        };
        var started = environment.Clock.GetTimestamp();
        using var model = _model.Open(parsed, environment.Host);
        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads));
        ExportReport report;
        using (var progress = new ExportProgressDisplay(environment))
        {
            report = await ModelExporter.ExportAsync(model, runtime, parsed.GetValue(_output)!, options, progress, cancellationToken);
        }

        var elapsed = environment.Clock.GetElapsedTime(started);
        if (parsed.GetValue(_json))
        {
            environment.Out.WriteLine(JsonText.Of(Output(report, elapsed)));
        }
        else
        {
            Print(report, elapsed);
        }

        if (!report.Passed)
        {
            environment.Error.WriteLine(
                $"wan: the exported files do not reproduce our results. They are kept in {report.Folder} for inspection; "
                    + $"{parsed.GetValue(_output)} is unchanged."
            );
        }

        return report.Passed ? ExitCode.Done : ExitCode.Failed;
    }

    private void Print(ExportReport report, TimeSpan elapsed)
    {
        environment.Out.WriteLine($"{"output", -48} {"max error", 10} {"limit", 10}  result");
        foreach (var comparison in report.Comparisons)
        {
            environment.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{comparison.Name, -48} {comparison.MaximumError, 10:0.0e+0} {comparison.Limit, 10:0.0e+0} "
                        + $" {(comparison.Passed ? "pass" : "FAIL")}"
                )
            );
        }

        environment.Out.WriteLine();
        foreach (var (name, bytes) in report.Files)
        {
            environment.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name, -48} {bytes, 15:N0} bytes"));
        }

        environment.Out.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Folder}: {ByteSize.Text(report.Files.Sum(file => file.Bytes))} in {elapsed.TotalSeconds:0.0} s."
            )
        );
    }

    private static ExportOutput Output(ExportReport report, TimeSpan elapsed) =>
        new(
            report.Folder,
            report.Passed ? "pass" : "fail",
            Math.Round(elapsed.TotalSeconds, 3),
            [.. report.Files.Select(file => new ExportFileOutput(file.Name, file.Bytes))],
            [
                .. report.Comparisons.Select(comparison => new ComparisonOutput(
                    comparison.Name,
                    comparison.Passed ? "pass" : "fail",
                    Finite(comparison.MaximumError),
                    Finite(comparison.Limit)
                )),
            ]
        );

    /// <summary>JSON has no infinity: null says that shapes differ or a value is not a number.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static Lowering? ParseLowering(ArgumentResult argument)
    {
        var name = argument.Tokens[0].Value;
        if (name is not ("plain" or "fused"))
        {
            argument.AddError($"'{name}' is not a lowering: write plain or fused.");
        }

        return name == "fused" ? Lowering.Fused : Lowering.Plain;
    }

    private static ModelNetworks? ParseNetworks(ArgumentResult argument)
    {
        var networks = ModelNetworks.None;
        foreach (var name in argument.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            var network = name switch
            {
                "transformer" => ModelNetworks.Transformer,
                "text" => ModelNetworks.TextEncoder,
                "vae" => ModelNetworks.Vae,
                "image" => ModelNetworks.ImageEncoder,
                _ => ModelNetworks.None,
            };
            if (network == ModelNetworks.None)
            {
                argument.AddError(
                    $"'{name}' is not a network to export: write transformer, text, image, vae, or several of them with commas between."
                );
            }

            networks |= network;
        }

        return networks;
    }
}
