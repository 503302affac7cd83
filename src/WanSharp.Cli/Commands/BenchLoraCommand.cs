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
    private readonly WorkloadOptions _workload = new(
        environment,
        BenchmarkSubject.Dit,
        "The model whose dimensions the transformer has; weights are random.",
        "Timed forward passes of each kind.",
        hasLayers: true,
        defaultRuns: 5
    );
    private readonly Option<int?> _rank = NumberOption.Create<int>("--rank", "The LoRAs' rank. Default: 64.", "N");
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
            self._threads,
            self._json,
        };
        self._workload.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench lora", "wan bench lora --shape 1.3b --rank 64 --layers 6 --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads) ?? Environment.ProcessorCount);
        var report = await new LoraBenchmark(runtime).RunAsync(
            _workload.Read(parsed),
            Math.Max(parsed.GetValue(_rank) ?? 64, 1),
            new StatusLine(environment),
            cancellationToken
        );
        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(Output(report)) : string.Join(Environment.NewLine, Lines(report)));
        return ExitCode.Done;
    }

    private static LoraOutput Output(LoraReport report) =>
        new(
            report.Plain.Median,
            report.Adapted.Median,
            Math.Round(report.Adapted.Median / report.Plain.Median, 4),
            report.AfterChange.Median,
            report.CompiledByChange,
            report.Together.Median,
            report.Apart.Median,
            Math.Round(report.Apart.Median / report.Together.Median, 3),
            report.MergeSeconds,
            report.MergePrivateBytes,
            report.CachedSeconds,
            report.Plain.Runs
        );

    private static IEnumerable<string> Lines(LoraReport report)
    {
        var (plain, adapted, changed) = (report.Plain.Median, report.Adapted.Median, report.AfterChange.Median);
        var (together, apart) = (report.Together.Median, report.Apart.Median);
        return
        [
            Invariant($"a step                      {plain, 8:0.000} s"),
            Invariant($"with a LoRA, unmerged       {adapted, 8:0.000} s   × {adapted / plain:0.000}"),
            Invariant($"the first after a change    {changed, 8:0.000} s   × {changed / adapted:0.000} of any other"),
            Invariant($"graphs compiled by changes  {report.CompiledByChange, 8}"),
            Invariant($"8 clips, 4 LoRAs, one batch {together, 8:0.000} s"),
            Invariant($"the same in 4 batches       {apart, 8:0.000} s   × {apart / together:0.00}"),
            Invariant(
                $"a merge                     {report.MergeSeconds, 8:0.0} s   {ByteSize.Text(report.MergePrivateBytes ?? 0)} private"
            ),
            Invariant($"the same from the cache     {report.CachedSeconds, 8:0.0} s"),
        ];
    }
}
