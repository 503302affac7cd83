using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Tools.Benchmarks;
using static System.FormattableString;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench plan</c>: how well <c>wan plan</c> predicts.</summary>
internal sealed class BenchPlanCommand(CliEnvironment environment)
{
    private readonly Option<string> _shape = WorkloadOptions.Shape("The model whose dimensions the networks have; weights are random.");

    private readonly Option<(int Width, int Height, int Frames)[]> _clips = new("--clip")
    {
        Description = "A clip's width, height and frames; may be given several times. Default: 128x128x17, 256x384x9, 256x256x17.",
        HelpName = "WxHxN",
        DefaultValueFactory = _ => [(128, 128, 17), (256, 384, 9), (256, 256, 17)],
        CustomParser = ParseClips,
    };

    private readonly Option<double> _tolerance = new("--tolerance")
    {
        Description = "How far a prediction may be off, as a fraction, before the exit code is 1.",
        HelpName = "X",
        DefaultValueFactory = _ => 0.25,
    };
    private readonly Option<bool> _calibrate = new("--calibrate")
    {
        Description = "Measure this machine first, even if a calibration is remembered.",
    };
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchPlanCommand(environment);
        var command = new Command("plan", "Measure a denoise step and a decoding at several sizes, compared with what wan plan predicts.")
        {
            self._shape,
            self._clips,
            self._tolerance,
            self._calibrate,
            self._threads,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench plan", "wan bench plan --shape shapes --clip 96x96x17 --calibrate --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var threads = parsed.GetValue(_threads);
        var machine = environment.Host.Calibrate(threads, parsed.GetValue(_calibrate), cancellationToken);
        using var runtime = environment.Host.OpenRuntime(machine.Threads);
        var checks = await new PlanBenchmark(runtime).RunAsync(
            parsed.GetValue(_shape)!,
            parsed.GetValue(_clips)!,
            machine,
            environment.Host.Options.CacheFolder,
            new StatusLine(environment),
            cancellationToken
        );
        if (parsed.GetValue(_json))
        {
            environment.Out.WriteLine(JsonText.Of<IReadOnlyList<PlanCheckOutput>>([.. checks.Select(Output)]));
        }
        else
        {
            environment.Out.WriteLine(Invariant($"{"stage", -10}{"clip", -14}{"predicted", 12}{"measured", 12}{"ratio", 8}"));
            foreach (var check in checks)
            {
                environment.Out.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{check.Stage.ToString().ToLowerInvariant(), -10}{Clip(check), -14}{check.Predicted, 10:0.00} "
                            + $"s{check.Measured, 10:0.00} s{check.Ratio, 8:0.00}"
                    )
                );
            }
        }

        return checks.All(check => Math.Abs(check.Ratio - 1) <= parsed.GetValue(_tolerance)) ? ExitCode.Done : ExitCode.Failed;
    }

    private static PlanCheckOutput Output(PlanCheck check) =>
        new(check.Stage.ToString().ToLowerInvariant(), Clip(check), check.Predicted, check.Measured, check.Ratio);

    private static string Clip(PlanCheck check) => Invariant($"{check.Width}x{check.Height}x{check.Frames}");

    private static (int Width, int Height, int Frames)[] ParseClips(ArgumentResult result)
    {
        var clips = new List<(int, int, int)>();
        foreach (var token in result.Tokens)
        {
            int?[] numbers =
            [
                .. token
                    .Value.Split('x')
                    .Select(number =>
                        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : (int?)null
                    ),
            ];
            if (numbers is not [{ } width, { } height, { } frames])
            {
                result.AddError($"'{token.Value}' is not a clip: give width, height and frames, such as 256x256x17.");
                return [];
            }

            clips.Add((width, height, frames));
        }

        return [.. clips];
    }
}
