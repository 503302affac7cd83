using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Outputs;
using WanSharp.Runtime;
using WanSharp.Runtime.Providers;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan providers</c>: what can compute here.</summary>
internal sealed class ProvidersCommand(CliEnvironment environment)
{
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ProvidersCommand(environment);
        var command = new Command("providers", "List ONNX Runtime's execution providers: those available, the one chosen, how to get more.")
        {
            self._json,
            ProvidersInstallCommand.Build(environment),
        };
        command.SetAction(self.Run);
        return command.WithExamples("wan providers", "wan providers --json", "wan providers install cuda");
    }

    private int Run(ParseResult parsed)
    {
        using var runtime = environment.Host.OpenRuntime(threads: null);
        var facts = environment.Host.Providers(runtime);
        var chosen = ProviderSelection.Choose(facts);
        var profile = ProviderProfiles.Of(chosen.Name);
        var precision = PrecisionSelection.Choose(
            runtime,
            environment.Host.SettingsFor(runtime, chosen.Name, new Dictionary<string, string>())
        );
        if (parsed.GetValue(_json))
        {
            var report = new ProvidersOutput(
                runtime.Version,
                runtime.LibraryPath,
                chosen.Name,
                new ComputeOutput(precision.Precision.Name, profile.OffersIntegers, precision.Why),
                [.. facts.Select(fact => ProviderOutput.From(fact, environment.Host.FindTrials(runtime, fact)))]
            );
            environment.Out.WriteLine(JsonText.Of(report));
            return ExitCode.Done;
        }

        environment.Out.WriteLine($"ONNX Runtime {runtime.Version}, {runtime.LibraryPath}");
        foreach (var fact in facts)
        {
            environment.Out.WriteLine($"  {fact.Name, -10} {(fact.IsThere ? "there" : "not there"), -10} {fact.Why}");
            if (fact.HowToGet.Length > 0)
            {
                environment.Out.WriteLine($"  {"", -21} to change that: {fact.HowToGet}");
            }

            foreach (var trial in environment.Host.FindTrials(runtime, fact).Select(TrialOutput.From))
            {
                environment.Out.WriteLine($"  {"", -21} {Describe(trial)}");
            }
        }

        environment.Out.WriteLine();
        environment.Out.WriteLine($"--provider auto (the default) chooses {chosen.Name}: {chosen.Why}.");
        environment.Out.WriteLine($"--precision auto (the default) on {chosen.Name} is {precision.Precision}: {precision.Why}.");
        environment.Out.WriteLine("Another build of ONNX Runtime brings its own providers: set WAN_ONNXRUNTIME to the library's file.");
        return ExitCode.Done;
    }

    private static string Describe(TrialOutput trial) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"tried {trial.Tried:yyyy-MM-dd} in {trial.Precision}: a small block in {trial.BlockMs:0.0} ms, "
                + $"within {trial.Error:0.0e+0} of the processor's, operators: {trial.Operators}"
        );
}
