using System.Globalization;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;
using static System.FormattableString;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>wan bench</c> prints for people.</summary>
internal static class BenchmarkText
{
    private const double Giga = 1e9;

    public static string Describe(BenchmarkReport report) => string.Join(Environment.NewLine, Lines(report));

    public static string Describe(IReadOnlyList<RatioChange> changes) =>
        string.Join(
            Environment.NewLine,
            changes.Select(change =>
                change.Now is { } now
                    ? Invariant($"{change.Name, -18} {change.Before:0.000} before, {now:0.000} now{(change.IsWorse ? ": WORSE" : "")}")
                    : Invariant($"{change.Name, -18} {change.Before:0.000} before, not measured now: WORSE; ")
                        + "measure what the baseline did, or save another one"
            )
        );

    public static string Describe(StartReport start) =>
        string.Join(
            Environment.NewLine,
            start.Workload,
            Row("start to first", Invariant($"{start.Seconds:0.00} s from the process's start to the end of the first pass")),
            Row("memory", $"{Size(start.PeakPrivateBytes)} private at most, {Size(start.PeakMappedBytes)} of mapped files resident")
        );

    private static IEnumerable<string> Lines(BenchmarkReport report)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Workload}: {report.Operations / Giga:#,0} GFLOP a forward pass, {report.Threads} "
                + $"threads, ONNX Runtime {report.OnnxRuntime}"
        );
        yield return $"on {report.Machine}";
        yield return Row("forward", Invariant($"{Seconds(report.Forward)}: {report.OperationsPerSecond / Giga:0} GFLOP/s"));
        yield return Row(
            "share of peak",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{100 * report.Ratios["share_of_peak"]:0.0} % of {report.PeakOperationsPerSecond / Giga:0} GFLOP/s, "
                    + $"a large matrix product's in the same minutes"
            )
        );
        if (report.PeakIntegerOperationsPerSecond is { } integerPeak)
        {
            yield return Row(
                "",
                Invariant($"{100 * report.Ratios["share_of_int8_peak"]:0.0} % of {integerPeak / Giga:0} Gop/s with 8-bit integers")
            );
        }

        yield return Row(
            "start to first",
            Invariant($"{report.StartToFirst:0.00} s from the process's start to the end of the first pass")
        );
        yield return Row(
            "memory",
            $"{Size(report.PeakPrivateBytes)} private at most, {Size(report.PeakMappedBytes)} of mapped files resident"
        );
        yield return Row(
            "operators",
            string.Join(", ", report.Operators.Select(one => Invariant($"{one.Operator} {100 * one.Share:0.0} %")))
        );
        if (report.Peer is { } peer)
        {
            yield return Row(
                $"PyTorch {peer.Version}",
                Invariant($"F32 {Seconds(peer.F32)}: ours is {report.Ratios["times_torch_f32"]:0.00} times as fast")
            );
            yield return Row("", Invariant($"BF16 {Seconds(peer.BF16)}: ours is {report.Ratios["times_torch_bf16"]:0.00} times as fast"));
            yield return Row(
                "",
                Invariant(
                    $"{peer.StartToFirst:0.00} s from start to first pass: ours is {report.Ratios["times_torch_start"]:0.00} times as fast"
                )
            );
            yield return Row(
                "difference",
                $"ours to its F32 {Difference(peer.F32Difference)}; its BF16 to its F32 {Difference(peer.BF16Difference)}"
            );
        }
    }

    private static string Row(string name, string text) => $"  {name, -16} {text}";

    private static string Seconds(Timing timing) =>
        Invariant($"{timing.Median:0.000} s median, {timing.Minimum:0.000} s least of {timing.Runs}");

    private static string Difference(OutputDifference difference) =>
        Invariant($"{difference.Maximum:0.0e+0} at most, {difference.Relative:0.0e+0} of the largest value");

    private static string Size(long? bytes) => bytes is { } value ? ByteSize.Text(value) : "unknown";
}
