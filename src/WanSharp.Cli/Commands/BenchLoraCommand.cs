using System.CommandLine;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;
using static System.FormattableString;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench lora</c>: what LoRAs cost a step, a batch and a merge.</summary>
internal sealed class BenchLoraCommand(CliEnvironment environment)
{
    private static readonly (string Name, LoraPart Part)[] Parts =
    [
        ("step", LoraPart.Step),
        ("batch", LoraPart.Batch),
        ("merge", LoraPart.Merge),
    ];

    private readonly WorkloadOptions _workload = new(
        environment,
        BenchmarkSubject.Dit,
        "The model whose dimensions the transformer has; weights are random.",
        "Timed forward passes of each kind.",
        hasLayers: true,
        defaultRuns: 5
    );
    private readonly Option<int?> _rank = NumberOption.Create<int>("--rank", "The LoRAs' rank. Default: 64.", "N");
    private readonly Option<LoraPart[]> _parts = new("--row")
    {
        Description = "What is measured; may be given several times. Default: all.",
        HelpName = string.Join('|', Parts.Select(part => part.Name)),
        CustomParser = argument => [.. argument.Tokens.Select(token => ChoiceOption.Parse("--row", token.Value, argument, Parts))],
    };
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchLoraCommand(environment);
        var command = new Command(
            "lora",
            "Measure LoRAs of every linear layer: a step with and without, clips with different ones in a batch, and a merge."
        )
        {
            self._rank,
            self._parts,
            self._threads,
            self._json,
        };
        self._workload.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench lora", "wan bench lora --row merge --rank 64 --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads) ?? Environment.ProcessorCount);
        var report = await new LoraBenchmark(runtime).RunAsync(
            _workload.Read(parsed),
            Math.Max(parsed.GetValue(_rank) ?? 64, 1),
            parsed.GetValue(_parts) ?? [],
            new StatusLine(environment),
            cancellationToken
        );
        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(Output(report)) : string.Join(Environment.NewLine, Lines(report)));
        return ExitCode.Done;
    }

    private static LoraOutput Output(LoraReport report) =>
        new(
            report.Step?.Plain.Median,
            report.Step?.Adapted.Median,
            report.Step is { } step ? Math.Round(step.Ratio, 4) : null,
            report.Step?.First.Median,
            report.Step?.AfterChange.Median,
            report.Step?.CompiledByChange,
            report.Batch?.Together.Median,
            report.Batch?.Apart.Median,
            report.Batch is { } batch ? Math.Round(batch.Ratio, 3) : null,
            report.Merge?.Seconds,
            report.Merge?.ProcessorSeconds,
            report.Merge?.PrivateBytes,
            report.Merge?.CachedSeconds,
            report.Step?.Plain.Runs
        );

    private static IEnumerable<string> Lines(LoraReport report)
    {
        if (report.Step is { } step)
        {
            yield return Invariant($"a step                      {step.Plain.Median, 8:0.000} s");
            yield return Invariant($"with a LoRA, unmerged       {step.Adapted.Median, 8:0.000} s   × {step.Ratio:0.000}");
            yield return Invariant($"a prompt's keys and a step  {step.First.Median, 8:0.000} s");
            yield return Invariant($"the same with another LoRA  {step.AfterChange.Median, 8:0.000} s   × {step.ChangeRatio:0.000}");
            yield return Invariant($"graphs compiled by changes  {step.CompiledByChange, 8}");
        }

        if (report.Batch is { } batch)
        {
            yield return Invariant($"8 clips, 4 LoRAs, one batch {batch.Together.Median, 8:0.000} s");
            yield return Invariant($"the same in 4 batches       {batch.Apart.Median, 8:0.000} s   × {batch.Ratio:0.00}");
        }

        if (report.Merge is { } merge)
        {
            var bytes = ByteSize.Text(merge.PrivateBytes ?? 0);
            yield return Invariant($"a merge                     {merge.Seconds, 8:0.0} s   {bytes} private");
            yield return Invariant($"all processors in that time {merge.ProcessorSeconds, 8:0.0} s");
            yield return Invariant($"the same from the cache     {merge.CachedSeconds, 8:0.0} s");
        }
    }
}
