using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Runtime;
using WanSharp.Tools.Selftest;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan selftest</c>: this machine's numbers compared with the original implementation's.</summary>
internal sealed class SelftestCommand(CliEnvironment environment)
{
    private readonly Option<string?> _fixtures = new("--fixtures")
    {
        Description = "A folder with fixtures. Default: the small set that ships with the program.",
        HelpName = "FOLDER",
    };

    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<IReadOnlyDictionary<string, string>> _providerOptions = CommonOptions.ProviderOptions();
    private readonly Option<ValueTuple<Precision?>> _precision = CommonOptions.PrecisionOption(ofFloats: true);
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new SelftestCommand(environment);
        var command = new Command("selftest", "Compare this machine's results with those of the original implementation.")
        {
            self._fixtures,
            self._provider,
            self._providerOptions,
            self._precision,
            self._threads,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan selftest",
            "wan selftest --provider webgpu",
            "wan selftest --precision bf16",
            "wan selftest --fixtures my-fixtures --json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var json = parsed.GetValue(_json);
        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads));
        var settings = environment.Host.SettingsFor(runtime, parsed.GetValue(_provider)!, parsed.GetValue(_providerOptions)!);
        var precision = parsed.GetValue(_precision).Item1;
        if (precision is not null)
        {
            PrecisionSelection.Require(runtime, settings, precision);
        }

        precision ??= PrecisionSelection.Choose(runtime, settings).Precision;
        settings = settings with { Compute = precision.Compute };
        var (passed, failed, skipped) = (0, 0, 0);
        await foreach (
            var result in FixtureRunner.RunAsync(
                parsed.GetValue(_fixtures) ?? FixtureRunner.ShippedFixtures,
                runtime,
                settings,
                cancellationToken
            )
        )
        {
            if (!json && passed + failed + skipped == 0)
            {
                environment.Out.WriteLine($"{"fixture", -20} {"tensors", 7} {"max error", 10} {"relative", 10} {"limit", 10}  result");
            }

            passed += result.Passed ? 1 : 0;
            skipped += result.Skipped ? 1 : 0;
            failed += result is { Passed: false, Skipped: false } ? 1 : 0;
            environment.Out.WriteLine(json ? Json(result) : Row(result));
        }

        if (!json)
        {
            environment.Out.WriteLine(
                $"{passed} passed, {failed} failed, {skipped} skipped; ONNX Runtime {runtime.Version}, "
                    + $"provider {settings.Provider}, {precision}"
            );
        }

        return failed == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Row(FixtureResult result) =>
        result.Worst is { } worst
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Name, -20} {result.Comparisons.Count, 7} {worst.MaximumError, 10:0.0e+0} "
                    + $"{result.LargestRelativeError, 10:0.0e+0} "
                    + $"{worst.Limit, 10:0.0e+0}  {(result.Passed ? "pass" : $"FAIL: {worst.Name}")}"
            )
            : $"{result.Name, -20} {"", 40}  {(result.Skipped ? "skipped" : "FAIL")}: "
                + $"{PlainText.OneLine(result.Problem ?? "nothing was compared")}";

    private static string Json(FixtureResult result)
    {
        var says =
            result.Passed ? "pass"
            : result.Skipped ? "skipped"
            : "fail";
        return result.Worst is { } worst
            ? JsonText.Of(
                new ComparedFixtureOutput(
                    result.Name,
                    says,
                    result.Comparisons.Count,
                    worst.Name,
                    Finite(worst.MaximumError),
                    Finite(result.LargestRelativeError),
                    worst.Limit,
                    result.Problem
                )
            )
            : JsonText.Of(new FixtureOutput(result.Name, says, result.Comparisons.Count, result.Problem));
    }

    /// <summary>JSON has no infinity: null says that shapes differ or a value is not a number.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
