using System.CommandLine;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Tools.Doctor;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan doctor</c>: what is wrong with this machine, a model or a clip, and what to do.</summary>
internal sealed class DoctorCommand(CliEnvironment environment)
{
    private readonly Argument<string?> _clip = new("clip")
    {
        Description = "A clip with a problem: lists the approximations it was made with. Without a clip, checks the machine.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly EngineSettingOptions _engine = new();
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
            self._json,
        };
        self._engine.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan doctor", "wan doctor --model ./Wan2.1-T2V-1.3B", "wan doctor clip.mp4", "wan doctor --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var checkup = new Checkup(environment.Host);
        List<Finding> findings = [];
        var isJson = parsed.GetValue(_json);
        await AddAsync(
            parsed.GetValue(_clip) is { } clip
                ? checkup.LookAtClipAsync(clip, cancellationToken)
                : checkup.LookAtMachineAsync(cancellationToken)
        );
        if (_engine.Model.IsGiven(parsed))
        {
            await AddAsync(checkup.LookAtModelAsync(_engine.Read(parsed), cancellationToken));
        }

        if (isJson)
        {
            environment.Out.WriteLine(JsonText.Of(Output(findings)));
        }

        return findings.Exists(finding => finding.Severity == Severity.Problem) ? ExitCode.Failed : ExitCode.Done;

        async Task AddAsync(Task<IReadOnlyList<Finding>> looking)
        {
            var found = await looking;
            findings.AddRange(found);
            if (!isJson)
            {
                environment.Out.WriteLine(Describe(found)); // what comes next may take minutes
                environment.Out.Flush();
            }
        }
    }

    private static string Describe(IReadOnlyList<Finding> findings)
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
