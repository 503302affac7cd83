using System.CommandLine;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Graphs;
using WanSharp.Hosting;
using WanSharp.Tools.Doctor;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan doctor</c>: what is wrong with this machine, a model or a clip, and what to do.</summary>
internal sealed class DoctorCommand(CliEnvironment environment)
{
    private readonly Argument<string?> _clip = new("clip")
    {
        Description = "A clip that is not good: which approximations it was made with. Without one, the machine is looked at.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly ModelOptions _model = new();
    private readonly Option<Quantization> _precision = CommonOptions.PrecisionOption();
    private readonly Option<MemoryAmount?> _memory = CommonOptions.Memory();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new DoctorCommand(environment);
        var command = new Command(
            "doctor",
            "Say what is wrong with this machine, a model or a clip, and what to do; it measures before it advises."
        )
        {
            self._clip,
            self._precision,
            self._memory,
            self._threads,
            self._json,
        };
        self._model.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan doctor", "wan doctor --model ./Wan2.1-T2V-1.3B", "wan doctor clip.mp4", "wan doctor --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var checkup = new Checkup(environment.Host);
        List<Finding> findings = [];
        if (parsed.GetValue(_clip) is { } clip)
        {
            findings.AddRange(await checkup.LookAtClipAsync(clip, cancellationToken));
        }
        else
        {
            findings.AddRange(await checkup.LookAtMachineAsync(cancellationToken));
        }

        if (_model.IsGiven(parsed))
        {
            var (model, parts) = _model.Read(parsed);
            var settings = new EngineSettings
            {
                Model = model,
                Parts = parts,
                Precision = parsed.GetValue(_precision),
                Memory = parsed.GetValue(_memory),
                Threads = parsed.GetValue(_threads),
            };
            findings.AddRange(await checkup.LookAtModelAsync(settings, cancellationToken));
        }

        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(Output(findings)) : Describe(findings));
        return findings.Exists(finding => finding.Severity == Severity.Problem) ? ExitCode.Failed : ExitCode.Done;
    }

    private static string Describe(List<Finding> findings)
    {
        var lines = findings.SelectMany(finding =>
            new[] { $"{Mark(finding.Severity)} {finding.Topic, -10} {finding.Says}" }.Concat(
                finding.Command is { } command ? [$"             → {command}"] : []
            )
        );
        return string.Join(Environment.NewLine, lines.Select(PlainText.OneLine));
    }

    private static string Mark(Severity severity) =>
        severity switch
        {
            Severity.Good => "ok",
            Severity.Advice => " !",
            _ => "NO",
        };

    private static DoctorOutput Output(List<Finding> findings) =>
        new([
            .. findings.Select(finding => new FindingOutput(
                finding.Topic,
                finding.Severity.ToString().ToLowerInvariant(),
                finding.Says,
                finding.Command
            )),
        ]);
}
