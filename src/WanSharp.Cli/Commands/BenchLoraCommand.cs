using System.CommandLine;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench lora</c>: what LoRAs cost a step, a batch and a merge.</summary>
internal sealed class BenchLoraCommand(CliEnvironment environment)
{
    private readonly Option<string> _shape = ChoiceOption.Create(
        "--shape",
        "Whose dimensions the transformer has; its weights are random.",
        [.. BenchmarkOptions.ShapeNames.Select(name => (name, name))]
    );

    private readonly Option<ClipSize?> _size = SizeOption.Create("Width and height of the clip in pixels. Default: 256x256.");
    private readonly Option<int?> _frames = NumberOption.Create<int>("--frames", "Frames of the clip: 4n+1. Default: 17.", "N");
    private readonly Option<int?> _layers = NumberOption.Create<int>(
        "--layers",
        "Blocks, to measure a part of the network. Default: all.",
        "N"
    );
    private readonly Option<int?> _rank = NumberOption.Create<int>("--rank", "The LoRAs' rank. Default: 64.", "N");
    private readonly Option<int?> _runs = NumberOption.Create<int>("--runs", "Timed forward passes of each kind. Default: 5.", "N");
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
            self._shape,
            self._size,
            self._frames,
            self._layers,
            self._rank,
            self._runs,
            self._threads,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench lora", "wan bench lora --shape 1.3b --rank 64 --layers 6 --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var size = parsed.GetValue(_size) ?? new ClipSize(256, 256);
        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads) ?? Environment.ProcessorCount);
        var report = await new LoraBenchmark(runtime).RunAsync(
            new BenchmarkOptions
            {
                Subject = BenchmarkSubject.Dit,
                Shape = parsed.GetValue(_shape)!,
                Width = size.Width,
                Height = size.Height,
                Frames = parsed.GetValue(_frames) ?? 17,
                Layers = parsed.GetValue(_layers),
                Runs = Math.Max(parsed.GetValue(_runs) ?? 5, 1),
                CacheFolder = environment.Host.Options.CacheFolder,
            },
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
            Text($"a step                      {plain, 8:0.000} s"),
            Text($"with a LoRA, unmerged       {adapted, 8:0.000} s   × {adapted / plain:0.000}"),
            Text($"the first after a change    {changed, 8:0.000} s   × {changed / adapted:0.000} of any other"),
            Text($"graphs compiled by changes  {report.CompiledByChange, 8}"),
            Text($"8 clips, 4 LoRAs, one batch {together, 8:0.000} s"),
            Text($"the same in 4 batches       {apart, 8:0.000} s   × {apart / together:0.00}"),
            Text($"a merge                     {report.MergeSeconds, 8:0.0} s   {(report.MergePrivateBytes ?? 0) / 1e6:0} MB private"),
            Text($"the same from the cache     {report.CachedSeconds, 8:0.0} s"),
        ];
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
