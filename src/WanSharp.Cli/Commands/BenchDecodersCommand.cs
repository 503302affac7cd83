using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench decoders</c>: the model's own VAE and a tiny autoencoder.</summary>
internal sealed class BenchDecodersCommand(CliEnvironment environment)
{
    private readonly WorkloadOptions _workload = new(
        environment,
        BenchmarkSubject.Vae,
        "The model whose latents are decoded; weights are random.",
        "How many times each decodes it."
    );
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchDecodersCommand(environment);
        var command = new Command("decoders", "Compare the model's own VAE with a tiny autoencoder (TAEHV) at decoding a clip.")
        {
            self._threads,
            self._json,
        };
        self._workload.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Task.Run(() => self.Run(parsed, cancellationToken), cancellationToken));
        return command.WithExamples("wan bench decoders", "wan bench decoders --shape 1.3b --size 256x256 --frames 17 --runs 2 --json");
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads));
        var rows = new DecoderBenchmark(runtime).Run(_workload.Read(parsed), new StatusLine(environment), cancellationToken);
        environment.Out.WriteLine(
            parsed.GetValue(_json)
                ? JsonText.Of<IReadOnlyList<DecoderOutput>>([.. rows.Select(Output)])
                : string.Join(Environment.NewLine, rows.Select(Describe).Prepend(Header))
        );
        return ExitCode.Done;
    }

    private static string Header => $"{"network", -10}{"clip", 10}{"first frame", 14}{"memory", 12}{"TFLOP", 9}{"as fast", 10}";

    private static string Describe(DecoderRow row) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Network, -10}{row.Seconds.Median, 8:0.00} s{row.FirstFrameSeconds.Median, 12:0.00} s{ByteSize.Text(row.PeakBytes), 12}"
                + $"{row.Operations / 1e12, 9:0.00}{row.Ratio, 8:0.0} ×"
        );

    private static DecoderOutput Output(DecoderRow row) =>
        new(row.Network, row.Seconds.Median, row.FirstFrameSeconds.Median, row.PeakBytes, row.Operations, row.Ratio, row.Seconds.Runs);
}
